#!/bin/sh
# Builds on a base that is a year younger than the sources and has many upgrades to come, and runs the tests that judge
# what the image adds to its base. NAME, VERSION, BASE_IMAGE and ENGINE come from the environment.
#
# The base is BASE_IMAGE with older versions written into dpkg's database, so that the archive has upgrades on every day.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
made=${NAME:-baseimage}-younger:latest

main() {
  from=$(sh scripts/base-image.sh "${BASE_IMAGE:-ubuntu:24.04}")
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  dockerfile "$from" | sh scripts/step.sh build/younger-base.log "test-younger-base: building $made on $from" \
    "$engine" build --force-rm --tag "$made" -

  # Of a day, so that a second run on it finds the build in the cache.
  export SOURCE_DATE_EPOCH=$((($(date +%s) / 86400 - 365) * 86400))
  [ $# -gt 0 ] || set -- test/e2e/image.test.ts test/e2e/release.test.ts test/e2e/reproduce.test.ts
  sh scripts/test-base.sh "$made" "$@"
}

# A version that another package names would break that package, were it another.
dockerfile() {
  cat << 'DOCKERFILE' | sed "s|BASE|$1|"
FROM BASE
RUN cd /var/lib/dpkg && cp status status-before && awk ' \
    FNR == NR && /^(Pre-Depends|Depends|Breaks|Conflicts|Provides):/ { \
      sub(/^[^:]*: */, ""); gsub(/:any/, ""); count = split($0, each, / *[,|] */); \
      for (i = 1; i <= count; i++) { split(each[i], word, /[ ()]+/); named[word[1] " " word[3]] } } \
    FNR == NR { next } \
    /^Package: / { name = $2 } \
    /^Version: / && !(name " " $2 in named) { $0 = $0 "~" } \
    { print }' status-before status-before > status && \
    rm status-before && apt-get check && [ "$(grep -c '^Version: .*~$' status)" -ge 20 ]
DOCKERFILE
}

clean_up() { "$engine" rmi --force "$made" > /dev/null 2>&1 || true; }

main "$@"
