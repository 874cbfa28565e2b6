#!/bin/sh
# Installs docker-bash and docker-ssh on this machine, and the insecure key for the latter.
#
#   install-tools.sh [--prefix DIRECTORY] [--uninstall] [--help] [--version]
#
# From a release's archive or a checkout; one that was not built yet is built first. The directory is /usr/local, or
# PREFIX says; DESTDIR is put in front of it, for packages. Each file is there whole or not at all.
set -eu

name=install-tools
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
prefix=${PREFIX:-/usr/local}
action=install
# All that is installed.
files="bin/docker-bash bin/docker-ssh share/baseimage/insecure_key share/baseimage/insecure_key.pub"

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix)
        [ $# -gt 1 ] || refuse "--prefix needs a directory"
        prefix=$2
        shift
        ;;
      --prefix=*) prefix=${1#*=} ;;
      --uninstall) action=uninstall ;;
      --help | -h)
        usage
        exit 0
        ;;
      --version)
        echo "${0##*/} $(cat "$here/VERSION")"
        exit 0
        ;;
      *) refuse "unknown option \"$1\"" ;;
    esac
    shift
  done
  case $prefix in
    /*) ;;
    *) refuse "\"$prefix\" is no absolute path" ;;
  esac
  place=${DESTDIR:-}${prefix%/}
  bin=$place/bin
  share=$place/share/baseimage
  umask 022
  "$action"
}

install() {
  tools=$(first "$here/bin/host-tools" "$here/build/bin/host-tools")
  key=$(first "$here/share/baseimage/insecure_key" "$here/rootfs/ssh/etc/insecure_key")
  [ -n "$key" ] || fail "there is no insecure key in $here: the checkout or the archive is not complete"
  if [ -z "$tools" ]; then
    build
    tools=$here/build/bin/host-tools
  fi

  make_directory "$bin"
  make_directory "$share"
  # mv would put a file into the directory, and call that done.
  for file in $files; do
    [ ! -d "$place/$file" ] || fail "cannot install $place/$file: a directory has this name; remove it first"
  done
  remove_leftovers
  trap 'rm -rf "$bin/.$name.$$" "$share/.$name.$$"' EXIT
  trap 'exit 1' HUP INT TERM
  mkdir "$bin/.$name.$$" "$share/.$name.$$"

  new=$bin/.$name.$$
  cp "$tools" "$new/docker-bash"
  chmod 755 "$new/docker-bash"
  # What is put into a package may be for another machine.
  if [ -z "${DESTDIR:-}" ] && ! version=$("$new/docker-bash" --version 2>&1); then
    fail "$tools does not run on this machine ($(uname -m)): ${version:-it said nothing}"
  fi
  ln "$new/docker-bash" "$new/docker-ssh" 2> /dev/null || cp -p "$new/docker-bash" "$new/docker-ssh"
  for file in insecure_key insecure_key.pub; do
    cp "${key%/*}/$file" "$share/.$name.$$/$file"
    chmod 644 "$share/.$name.$$/$file"
  done
  for file in insecure_key insecure_key.pub; do mv -f "$share/.$name.$$/$file" "$share/$file"; done
  for file in docker-bash docker-ssh; do mv -f "$new/$file" "$bin/$file"; done

  say "docker-bash and docker-ssh are in $bin"
  case :$PATH: in
    *:"$bin":*) ;;
    *) [ -n "${DESTDIR:-}" ] || say "$bin is not in PATH" ;;
  esac
}

uninstall() {
  removed=
  for file in $files; do
    if ! [ -e "$place/$file" ] && ! [ -L "$place/$file" ]; then continue; fi
    rm -f "$place/$file" 2> /dev/null || fail "cannot remove $place/$file$(remedy)"
    removed=1
  done
  remove_leftovers
  rmdir "$share" 2> /dev/null || true
  if [ -n "$removed" ]; then say "removed from $prefix"; else say "nothing is installed in $prefix"; fi
}

# In a checkout: the binary only, no image.
build() {
  [ -f "$here/Makefile" ] || fail "there is no bin/host-tools in $here: the archive is not complete"
  say "building the tools first, in $here/build ..."
  command -v make > /dev/null || fail "there is no make to build them with: install it, or take a release's archive"
  make --no-print-directory -C "$here" tools >&2 ||
    fail "they cannot be built here; a release's archive holds them ready"
}

# What an installation that was killed has left. Nobody else has the number of this one.
remove_leftovers() {
  for left in "$bin/.$name."* "$share/.$name."*; do
    pid=${left##*.}
    if [ -d "$left" ] && { [ "$pid" = $$ ] || ! kill -0 "$pid" 2> /dev/null; }; then rm -rf "$left" || true; fi
  done
}

make_directory() {
  reason=$(LC_ALL=C mkdir -p "$1" 2>&1) || fail "cannot make the directory $1 (${reason#mkdir: })$(remedy)"
  [ -w "$1" ] || fail "cannot write to $1$(remedy)"
}

remedy() {
  if [ "$(id -u)" -ne 0 ]; then printf '\n%s' "run this as root (sudo $0), or choose another place: --prefix ~/.local"; fi
}

# The first of the files that is there.
first() {
  for file in "$@"; do
    if [ -f "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
}

usage() {
  cat << USAGE
usage: install-tools.sh [--prefix DIRECTORY] [--uninstall]
Installs docker-bash and docker-ssh to DIRECTORY/bin (DIRECTORY: /usr/local).

  --prefix DIRECTORY  another place; PREFIX in the environment does the same; DESTDIR is put in front
  --uninstall         remove what was installed there
USAGE
}

say() { echo "$name: $*"; }
fail() {
  echo "$name: $*" >&2
  exit 1
}
refuse() {
  echo "$name: $*" >&2
  usage >&2
  exit 2
}

main "$@"
