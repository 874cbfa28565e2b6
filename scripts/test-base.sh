#!/bin/sh
# test-base.sh BASE [TEST...]: builds the image on BASE under a name of its own, runs the tests on it, and removes it. Without
# TEST: what each image must do. NAME, VERSION and ENGINE come from the environment.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
base=${1:?usage: test-base.sh BASE [TEST...]}
shift
[ $# -gt 0 ] || set -- test/core

own=${NAME:-baseimage}-on-$(echo "$base" | tr '/:@' '---')
version=${VERSION:-$(cat VERSION)}
export NAME="$own" VERSION="$version" IMAGE="$own:$version" BASE_IMAGE="$base"
clean_up() {
  "$engine" rmi --force "$own:$version" "$own:$version-overlay" "$own:latest" "$own-binary" > /dev/null 2>&1 || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

node scripts/bundle.mjs
sh scripts/build-image.sh
node scripts/test.mjs "$@"
