#!/bin/sh
# Builds the image NAME:VERSION and brings the binary stage's products to build/.
#
# Reads NAME, VERSION, BASE_IMAGE, TOOLCHAIN_IMAGE, ENGINE, FRESH, NO_CACHE, SOURCE_DATE_EPOCH and DISABLE_* from the
# environment.
set -eu

cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
name=${NAME:-baseimage}
version=${VERSION:-$(cat VERSION)}
stage=$name-binary

if [ "$engine" = docker ] && ! docker buildx version > /dev/null 2>&1; then
  # Without its plugin BuildKit cannot be had; choosing the classic builder spares a warning.
  export DOCKER_BUILDKIT=0
fi

base=$(scripts/base-image.sh "${BASE_IMAGE:-ubuntu:24.04}")
toolchain=$(scripts/base-image.sh "${TOOLCHAIN_IMAGE:-debian:13}")

set -- --build-arg "BASE_IMAGE=$base" --build-arg "TOOLCHAIN_IMAGE=$toolchain" --build-arg "VERSION=$version" \
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
log=build/image.log
: > "$log"

# The cache knows nothing of a package that was mended since: FRESH=1 asks the archive again.
if [ -n "${FRESH:-}" ]; then date -u +%FT%TZ > build/packages-as-of; fi
if [ -e build/packages-as-of ]; then set -- "$@" --build-arg "PACKAGES_AS_OF=$(cat build/packages-as-of)"; fi

# build TARGET TAG [OPTION]...: quiet when all goes well; the log when it does not.
build() {
  target=$1 tag=$2
  shift 2
  if ! "$engine" build --force-rm --target "$target" --tag "$tag" "$@" . >> "$log" 2>&1 < /dev/null; then
    tail -n 60 "$log" >&2
    echo "build-image: building $tag failed (log: $log)" >&2
    exit 1
  fi
}

say() { echo "build-image: $*" >&2; }

say "building $name:$version on $base (log: $log) ..."
# With NO_CACHE the image brings both stages anew, and the second call finds the first one's.
build image "$name:$version" ${NO_CACHE:+--no-cache} "$@"
build binary "$stage" "$@"
"$engine" tag "$name:$version" "$name:latest"

# The products change when the stage does, and only then.
id=$("$engine" image inspect --format '{{.Id}}' "$stage")
if [ "$(cat build/binary-id 2> /dev/null)" != "$id" ]; then
  rm -rf build/bin build/asan build/engine build/lib build/binary-id
  container=$("$engine" create "$stage" true)
  "$engine" cp "$container:/out/." build/ || failed=1
  "$engine" rm "$container" > /dev/null
  [ -z "${failed:-}" ] || exit 1
  ln -sf baseimage build/bin/my_init
  ln -sf baseimage build/bin/setuser
  ln -sf baseimage build/bin/workaround-docker-2267
  ln -sf host-tools build/bin/docker-bash
  ln -sf host-tools build/bin/docker-ssh
  echo "$id" > build/binary-id
fi

say "$name:$version and $name:latest: $("$engine" image inspect --format '{{.Size}}' "$name:$version" | awk '{ printf "%.1f MB", $1 / 1e6 }')"
