#!/bin/sh
# runit.sh SOURCE OUT: compiles runit for images that have none: the static busybox of busybox.config, and links to it.
#
# SOURCE: busybox's source (debian-source.sh). OUT: busybox, runsvdir, runsv, sv, chpst, svlogd, and taken, the files that
# the linker read. docs/adr/0020-static-runit.md.
set -eu

source=$1 out=$2
CDPATH=''
native=$(cd "$(dirname "$0")" && pwd)
# MUSL_GCC and OBJCOPY of the architecture, if cross.sh has set them.
# shellcheck source=/dev/null
if [ -e "$native/cross.env" ]; then . "$native/cross.env"; fi
objcopy=${OBJCOPY:-objcopy}

mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$source/." "$work"
cd "$work"
patch --strip=1 --fuzz=0 < "$native/busybox.patch"
# The time of the build would be in the program.
export KCONFIG_NOTIMESTAMP=1
# ARCH is the Dockerfile's, and busybox has flags of its own for some architectures.
build() { make --silent ARCH= CROSS_COMPILE="${objcopy%objcopy}" CC="${MUSL_GCC:-musl-gcc}" HOSTCC=gcc "$@"; }

# Everything off, then our lines in place of the lines with the same names.
build allnoconfig > "$out/log"
awk '{ name = $1 == "#" ? $2 : $1; sub(/=.*/, "", name) } FNR == NR { ours[name]; next } !(name in ours)' \
  "$native/busybox.config" .config > others
cat "$native/busybox.config" others > .config
yes '' 2> /dev/null | build oldconfig >> "$out/log"
# busybox leaves out a name that it does not know, without a word.
while read -r line; do
  grep -qxF -- "$line" .config || {
    echo "runit.sh: busybox does not take this line of busybox.config: $line" >&2
    exit 1
  }
done < "$native/busybox.config"

build --jobs="$(nproc)" busybox >> "$out/log" 2>&1 || {
  tail -n 60 "$out/log" >&2
  exit 1
}
rm "$out/log"
cp busybox "$out/busybox"
cp LICENSE "$out/LICENSE"
grep -E '^\(?/usr/[^ ]*\.[ao]\b' busybox_unstripped.out > "$out/taken"
for program in runsvdir runsv sv chpst svlogd; do ln -sf busybox "$out/$program"; done
