#!/bin/sh
# Prints the time that stands for "now" in what is built, in seconds since 1970: SOURCE_DATE_EPOCH where it is set, else
# that of the last commit that touched what the image's packages and files come from. Without Git (a release's source)
# it is the time of the file VERSION, which `git archive` takes from the commit.
set -eu

CDPATH='' cd "$(dirname "$0")/.."

if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
  echo "$SOURCE_DATE_EPOCH"
  exit 0
fi
committed=$(git log -1 --format=%ct -- Dockerfile VERSION image rootfs 2> /dev/null || true)
echo "${committed:-$(stat -c %Y VERSION)}"
