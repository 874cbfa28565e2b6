#!/bin/sh
# Unpacks the image into build/root, for the tests that run the binary without a container; that of another ARCH into
# build/ARCH/root. Does nothing where it is there from the same image. IMAGE, ARCH and ENGINE come from the environment.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
. scripts/architecture.sh
image=${IMAGE:-baseimage:latest$suffix}
root=$products/root

id=$("$engine" image inspect --format '{{.Id}}' "$image")
if [ "$(cat "$root-id" 2> /dev/null)" = "$id" ]; then exit 0; fi

trap 'exit 130' INT
trap 'exit 143' TERM
rm -rf "$root" "$root-id"
mkdir -p "$root"
container=$("$engine" create "$image")
# shellcheck disable=SC2016 # the other shell expands it
sh scripts/step.sh build/export.log "export-root: unpacking $image" \
  sh -c '"$1" export "$2" | tar -C "$3" -x' sh "$engine" "$container" "$root" || failed=1
"$engine" rm "$container" > /dev/null
[ -z "${failed:-}" ] || exit 1
echo "$id" > "$root-id"
