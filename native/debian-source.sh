#!/bin/sh
# debian-source.sh PACKAGE DIRECTORY: brings the source of PACKAGE, as named in PACKAGE.lock, to DIRECTORY.
#
# apt checks Debian's signatures. The checksums in PACKAGE.lock make sure that the files are the ones that we tested.
# Debian's own changes to the source are fetched, but not applied.
set -eu

usage='usage: debian-source.sh PACKAGE DIRECTORY'
package=${1:?$usage}
target=${2:?$usage}
lock=$(dirname "$0")/$package.lock

locked() { awk -v key="$1" '$1 == key { print $2; exit }' "$lock"; }
version=$(locked version)
suite=$(locked suite)

# The mirror that this system uses, which may be a local one. Its path ends in /debian: an archive with another path, of
# security updates or of private packages, has not all of Debian's sources.
# shellcheck disable=SC2016 # $(REPO_URI) is a field of apt's, not a command
mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed 's|/$||' | grep -m 1 '/debian$' || true)
if [ -z "$mirror" ]; then
  echo "debian-source.sh: apt's sources name no mirror of Debian (an address that ends in /debian)" >&2
  exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch" # apt fetches as the user _apt

# Own lists: the system's stay as they are, and only the index of sources is fetched.
mkdir -p "$scratch/lists/partial" "$scratch/files"
chmod 777 "$scratch/files" "$scratch/lists/partial"
cat > "$scratch/debian.sources" <<SOURCES
Types: deb-src
URIs: $mirror
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
apt_source() {
  apt-get -q -o Dir::Etc::SourceList="$scratch/debian.sources" -o Dir::Etc::SourceParts=- \
    -o Dir::State::Lists="$scratch/lists" -o Acquire::Languages=none "$@"
}

apt_source update
if ! (cd "$scratch/files" && apt_source source --download-only "$package=$version"); then
  echo "debian-source.sh: cannot fetch $package $version from $mirror: see $lock" >&2
  exit 1
fi
awk '$1 == "sha256" { print $2 "  " $3 }' "$lock" | (cd "$scratch/files" && sha256sum --check --strict)

mkdir -p "$target"
tar -xf "$scratch/files/"*.orig.tar.* -C "$target" --strip-components=1
