#!/bin/sh
# Builds the images NAME:VERSION and NAME:VERSION-overlay, and brings the products of the binary and overlay stages to build/.
#
# Reads NAME, VERSION, BASE_IMAGE, TOOLCHAIN_IMAGE, ENGINE, ARCH, CPU, FRESH, NO_CACHE, SOURCE_DATE_EPOCH and DISABLE_* from
# the environment. With ARCH of another machine: NAME:VERSION-ARCH, NAME:VERSION-ARCH-overlay and build/ARCH/. ONLY=binary: no image.
# ONLY=overlay: only NAME:VERSION-overlay.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
name=${NAME:-baseimage}
version=${VERSION:-$(cat VERSION)}
trap 'exit 130' INT
trap 'exit 143' TERM
. scripts/architecture.sh
image=$name:$version$suffix
overlay=$image-overlay
stage=$name-binary$suffix

if [ "$engine" = docker ]; then
  # Without its plugin BuildKit cannot be had; choosing the classic builder spares a warning. And that one takes a base of
  # another architecture as it is here, where BuildKit would ask a registry for it.
  if [ -n "$suffix" ] || ! docker buildx version > /dev/null 2>&1; then export DOCKER_BUILDKIT=0; fi
fi

toolchain=$(ARCH='' scripts/base-image.sh "${TOOLCHAIN_IMAGE:-debian:13}")
base=$toolchain # where no image is built, nobody asks
[ -n "${ONLY:-}" ] || base=$(scripts/base-image.sh "${BASE_IMAGE:-ubuntu:24.04}")

set -- --build-arg "ARCH=$arch" --build-arg "CPU=${CPU:-}" --build-arg "BASE_IMAGE=$base" --build-arg "TOOLCHAIN_IMAGE=$toolchain" --build-arg "VERSION=$version" \
  --build-arg "SOURCE_DATE_EPOCH=$(sh scripts/source-date.sh)"
for feature in SYSLOG SSH CRON; do
  eval "value=\${DISABLE_$feature:-}"
  # shellcheck disable=SC2154 # eval sets it
  [ -z "$value" ] || set -- "$@" --build-arg "DISABLE_$feature=$value"
done
# Both engines read a proxy from these names without a word in the Dockerfile.
for proxy in http_proxy https_proxy no_proxy; do
  eval "value=\${$proxy:-}"
  [ -z "$value" ] || set -- "$@" --build-arg "$proxy=$value"
done

mkdir -p build
log=build/image$suffix.log
: > "$log"

# The cache knows nothing of a package that was mended since: FRESH=1 asks the archive again.
if [ -n "${FRESH:-}" ]; then date -u +%FT%TZ > build/packages-as-of; fi
if [ -e build/packages-as-of ]; then set -- "$@" --build-arg "PACKAGES_AS_OF=$(cat build/packages-as-of)"; fi

# build WHAT TARGET TAG [OPTION]...
build() {
  what=$1 target=$2 tag=$3
  shift 3
  sh scripts/step.sh "$log" "build-image: building $what" \
    "$engine" build --force-rm --target "$target" --tag "$tag" "$@" . < /dev/null
}

say() { echo "build-image: $*" >&2; }

if [ -n "${ONLY:-}" ]; then
  build "the binaries for $arch" laid "$stage" ${NO_CACHE:+--no-cache} "$@"
  [ "$ONLY" != overlay ] || build "$overlay" overlay "$overlay" "$@"
else
  # With NO_CACHE the image brings both stages anew, and the second call finds the first one's.
  build "$image" image "$image" ${NO_CACHE:+--no-cache} "$@"
  build "the binaries for $arch" laid "$stage" "$@"
  build "$overlay" overlay "$overlay" "$@"
  "$engine" tag "$image" "$name:latest$suffix"
fi

# The products change when the stage does, and only then.
id=$("$engine" image inspect --format '{{.Id}}' "$stage")
mkdir -p "$products"
if [ "$(cat "$products/binary-id" 2> /dev/null)" != "$id" ]; then
  for product in bin asan engine lib linked overlay runit binary-id; do rm -rf "${products:?}/$product"; done
  container=$("$engine" create "$stage" true)
  "$engine" cp "$container:/out/." "$products/" || failed=1
  "$engine" rm "$container" > /dev/null
  [ -z "${failed:-}" ] || exit 1
  ln -sf baseimage "$products/bin/my_init"
  ln -sf baseimage "$products/bin/setuser"
  ln -sf baseimage "$products/bin/workaround-docker-2267"
  ln -sf host-tools "$products/bin/docker-bash"
  ln -sf host-tools "$products/bin/docker-ssh"
  echo "$id" > "$products/binary-id"
fi

# The image that the builder made of the stage has this machine's architecture.
if [ -n "$suffix" ] && [ "${ONLY:-}" != binary ]; then
  node scripts/overlay-image.mjs "$products/overlay/overlay.tar" "$arch" "$overlay" | "$engine" load >> "$log"
fi

megabytes() { "$engine" image inspect --format '{{.Size}}' "$1" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }
[ "${ONLY:-}" = binary ] || say "$overlay: $(megabytes "$overlay")"
[ -n "${ONLY:-}" ] ||
  say "$image and $name:latest$suffix on $base: $(megabytes "$image")"
