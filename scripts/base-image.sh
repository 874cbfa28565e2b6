#!/bin/sh
# base-image.sh IMAGE: prints the name of an image that `FROM` can use here for IMAGE.
#
# That is IMAGE itself where the engine has it or a registry gives it. Where none answers, a Debian root of our own
# stands in for the images that a plain build and the tests ask for: made by debootstrap, imported once, used again from
# then on. It comes from the mirror that this host's apt uses; if that has no Debian, from debootstrap's default.
#
# ARCH in the environment asks for another architecture: amd64 or arm64. The name printed is then one of its own, so that
# IMAGE stays what it is.
set -eu

image=${1:?usage: base-image.sh IMAGE}
engine=${ENGINE:-docker}
CDPATH='' cd "$(dirname "$0")/.."

. scripts/architecture.sh
. scripts/host-mirror.sh
# What the engine calls the image where it is not this machine's own architecture.
foreign=baseimage-foreign:$(echo "$image" | tr '/:@' '---')$suffix
# How long a registry may be silent. A pull that has begun may take as long as it likes.
patience_seconds=8

main() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
  wanted=$image
  [ -z "$suffix" ] || wanted=$foreign
  if has_image "$wanted"; then
    echo "$wanted"
    return
  fi
  if ! is_known_unreachable && pull; then
    echo "$wanted"
    return
  fi
  case $image in
    ubuntu:24.04 | ubuntu:noble | debian:13 | debian:trixie | debian:stable) suite=trixie release=13 ;;
    debian:12 | debian:bookworm) suite=bookworm release=12 ;;
    # Testing moves on, and keeps its code name until it is released.
    debian:testing | debian:forky) suite=${image#debian:} release=${image#debian:} ;;
    *) fail "$image is not here and no registry gives it; without one, debian:12, debian:13 and debian:testing can be made" ;;
  esac
  stand_in=baseimage-debootstrap:debian-$release$suffix
  has_image "$stand_in" || make_stand_in
  say "no registry gives $image: $stand_in, made here by debootstrap, stands in for it"
  echo "$stand_in"
}

say() { echo "base-image: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

has_image() { "$engine" image inspect "$1" > /dev/null 2>&1; }

# A silent registry costs seconds, so it is asked once a day, not at every build.
note=build/unreachable/$(echo "$image$suffix" | tr '/:@' '___')
is_known_unreachable() { [ -n "$(find "$note" -mmin -1440 2> /dev/null)" ]; }

pull() {
  mkdir -p build/unreachable
  log=$note.log
  rm -f "$note" "$log"
  before=$("$engine" image inspect --format '{{.Id}}' "$image" 2> /dev/null || true)
  sh scripts/step.sh "$log" "base-image: pulling $image" sh scripts/base-image.sh "$image" pull
  if [ -e "$note" ] || ! has_image "$image"; then
    : > "$note"
    return 1
  fi
  [ -z "$suffix" ] || keep_foreign
  rm -f "$log"
}

# What the step runs, with the log as its output. Makes the note if no registry gives the image.
try_pull() {
  log=$note.log
  "$engine" pull ${suffix:+--platform "linux/$arch"} "$image" < /dev/null &
  puller=$!
  trap 'kill "$puller" 2> /dev/null; exit 130' INT
  trap 'kill "$puller" 2> /dev/null; exit 143' TERM
  # Both engines report progress as soon as the registry has answered; until then the clock runs.
  tenths=$((patience_seconds * 10))
  while kill -0 "$puller" 2> /dev/null; do
    grep -qE 'Pulling|Copying|Getting image' "$log" && break
    tenths=$((tenths - 1))
    if [ "$tenths" -eq 0 ]; then
      kill "$puller"
      break
    fi
    sleep 0.1
  done
  wait "$puller" || : > "$note"
}

# The name goes back to what had it: this machine's own builds ask for it.
keep_foreign() {
  "$engine" tag "$image" "$foreign"
  if [ -n "$before" ]; then "$engine" tag "$before" "$image"; else "$engine" rmi "$image" > /dev/null; fi
}

make_stand_in() {
  [ "$(id -u)" -eq 0 ] || fail "no registry gives $image, and making a Debian root instead needs root"
  command -v debootstrap > /dev/null || fail "no registry gives $image, and debootstrap is not installed to make a Debian root"

  mirror=$(host_mirror '/debian$')
  security=$(host_mirror '/debian-security$')

  mkdir -p build
  log=build/debootstrap-$release$suffix.log
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/debootstrap.XXXXXX")
  # Interrupted, debootstrap may leave /proc mounted in there: stay out of it.
  trap 'umount "$work/root/proc" "$work/root/sys" 2> /dev/null || true; rm -rf --one-file-system "$work"' EXIT

  # It takes a minute or so, once; five where it is emulated.
  echo "from ${mirror:-the default mirror of debootstrap}" > "$log"
  # A debootstrap that is older than the suite knows it by its script for sid.
  script=/usr/share/debootstrap/scripts/$suite
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  sh scripts/step.sh "$log" "base-image: making a Debian $release root for $arch by debootstrap" \
    debootstrap --arch="$arch" --variant=minbase "$suite" "$work/root" "$mirror" "$script" ||
    fail "debootstrap failed: $(tail -n 1 "$log")"

  # debootstrap knows one suite; what was mended since is in the other two. Where it fetched from, it has written down.
  mirror=$(cat "$work/root/etc/apt/sources.list" "$work/root/etc/apt/sources.list.d/"*.sources 2> /dev/null |
    awk '$1 == "deb" || $1 == "URIs:" { print $2; exit }')
  security=${security:-$mirror-security}
  rm -f "$work/root/etc/apt/sources.list" "$work/root/etc/apt/sources.list.d/"*
  dated=
  if is_out_of_date "$work/root/var/lib/apt/lists"; then
    say "the lists of $suite at $mirror have expired; apt in $stand_in does not look at their date"
    dated='
Check-Valid-Until: no'
  fi
  cat > "$work/root/etc/apt/sources.list.d/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite $suite-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg$dated

Types: deb
URIs: $security
Suites: $suite-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg$dated
SOURCES
  find "$work/root/var/log" "$work/root/var/lib/apt/lists" "$work/root/var/cache/apt" -type f -delete
  rm -f "$work/root/etc/resolv.conf" "$work/root/etc/hostname"

  # An archive as the engines save it: `import` would take the architecture for this machine's.
  tar -C "$work/root" --numeric-owner --one-file-system --sort=name --exclude='./dev/*' -cf "$work/layer.tar" .
  digest=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
  cat > "$work/config.json" <<CONFIG
{
  "architecture": "$arch",
  "os": "linux",
  "created": "$(date -u +%FT%TZ)",
  "config": {
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Cmd": ["bash"]
  },
  "rootfs": { "type": "layers", "diff_ids": ["sha256:$digest"] }
}
CONFIG
  echo '[{ "Config": "config.json", "RepoTags": ["'"$stand_in"'"], "Layers": ["layer.tar"] }]' > "$work/manifest.json"
  # shellcheck disable=SC2016 # the other shell expands it
  sh scripts/step.sh "$log" "base-image: loading $stand_in" \
    sh -c 'tar -C "$1" -c manifest.json config.json layer.tar | "$2" load' sh "$work" "$engine"
}

# A mirror may have stopped following the archive. debootstrap takes its lists whatever they say, apt refuses them.
is_out_of_date() {
  until=$(sed -n 's/^Valid-Until: //p' "$1"/*Release | head -n 1)
  [ -n "$until" ] && [ "$(date -d "$until" +%s)" -lt "$(date +%s)" ]
}

case ${2:-} in
  '') main ;;
  pull) try_pull ;;
esac
