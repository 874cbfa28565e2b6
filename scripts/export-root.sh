#!/bin/sh
# Unpacks the image into build/root, for the tests that run the binary without a container.
# Does nothing where it is there from the same image. IMAGE and ENGINE come from the environment.
set -eu

cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
image=${IMAGE:-baseimage:latest}

id=$("$engine" image inspect --format '{{.Id}}' "$image")
if [ "$(cat build/root-id 2> /dev/null)" = "$id" ]; then exit 0; fi

rm -rf build/root build/root-id
mkdir -p build/root
container=$("$engine" create "$image")
"$engine" export "$container" | tar -C build/root -x || failed=1
"$engine" rm "$container" > /dev/null
[ -z "${failed:-}" ] || exit 1
echo "$id" > build/root-id
