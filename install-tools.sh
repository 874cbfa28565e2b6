#!/bin/sh
# Installs the programs for the host on this machine, with their man pages and bash completion, and the insecure key.
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
programs="docker-bash docker-ssh"
# All that is installed, in this order: the programs come last. And where.
files="share/baseimage/insecure_key share/baseimage/insecure_key.pub"
for program in $programs; do
  files="share/bash-completion/completions/$program share/man/man1/$program.1 $files bin/$program"
done
directories="bin share/baseimage share/bash-completion/completions share/man/man1"

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
  umask 022
  "$action"
}

install() {
  if [ -f "$here/Makefile" ] && ! (list_sources > /dev/null 2>&1); then build; fi
  list_sources > /dev/null

  for directory in $directories; do make_directory "$place/$directory"; done
  # mv would put a file into the directory, and call that done.
  for file in $files; do
    [ ! -d "$place/$file" ] || fail "cannot install $place/$file: a directory has this name; remove it first"
  done
  remove_leftovers
  trap remove_new EXIT
  trap 'exit 1' HUP INT TERM
  for directory in $directories; do mkdir "$place/$directory/.$name.$$"; done

  for file in $files; do make_new "$file" "$(new "$file")"; done
  for file in $files; do mv -f "$(new "$file")" "$place/$file"; done

  say "$(list_programs) are in $place/bin"
  case :$PATH: in
    *:"$place/bin":*) ;;
    *) [ -n "${DESTDIR:-}" ] || say "$place/bin is not in PATH" ;;
  esac
}

# make_new FILE NEW: makes what will be moved to FILE. All programs are one.
make_new() {
  source=$(source_of "$1")
  case $1 in
    bin/*)
      if [ -n "${program_file:-}" ]; then
        ln "$program_file" "$2" 2> /dev/null || cp -p "$program_file" "$2"
        return
      fi
      program_file=$2
      cp "$source" "$2"
      chmod 755 "$2"
      # What is put into a package may be for another machine.
      if [ -z "${DESTDIR:-}" ] && ! version=$("$2" --version 2>&1); then
        fail "$source does not run on this machine ($(uname -m)): ${version:-it said nothing}"
      fi
      ;;
    *)
      cp "$source" "$2"
      chmod 644 "$2"
      ;;
  esac
}

# Where an installed file is until all of them are whole. Nobody else has the number of this process.
new() { printf '%s\n' "$place/${1%/*}/.$name.$$/${1##*/}"; }

remove_new() {
  for directory in $directories; do rm -rf "$place/$directory/.$name.$$"; done
}

uninstall() {
  removed=
  for file in $files; do
    if ! [ -e "$place/$file" ] && ! [ -L "$place/$file" ]; then continue; fi
    rm -f "$place/$file" 2> /dev/null || fail "cannot remove $place/$file$(remedy)"
    removed=1
  done
  remove_leftovers
  # Others may use the remaining directories.
  for directory in share/baseimage share/bash-completion/completions share/bash-completion share/man/man1; do
    rmdir "$place/$directory" 2> /dev/null || true
  done
  if [ -n "$removed" ]; then say "removed from $prefix"; else say "nothing is installed in $prefix"; fi
}

list_sources() {
  for file in $files; do source_of "$file"; done
}

# Where an installed file comes from: a release's archive has it in the same place, a checkout elsewhere.
source_of() {
  case $1 in
    bin/*) first bin/host-tools build/bin/host-tools ;;
    share/baseimage/*) first "$1" "rootfs/ssh/etc/${1##*/}" ;;
    *) first "$1" "build/$1" ;;
  esac
}

# The first of the files that is there.
first() {
  for each in "$@"; do
    if [ -f "$here/$each" ]; then
      printf '%s\n' "$here/$each"
      return
    fi
  done
  fail "there is no $1 in $here: the checkout or the archive is not complete"
}

# In a checkout: the programs and their pages, no image.
build() {
  say "building the tools first, in $here/build ..."
  command -v make > /dev/null || fail "there is no make to build them with: install it, or take a release's archive"
  make --no-print-directory -C "$here" tools >&2 ||
    fail "they cannot be built here; a release's archive holds them ready"
}

# What an installation that was killed has left.
remove_leftovers() {
  for directory in $directories; do
    for left in "$place/$directory/.$name."*; do
      pid=${left##*.}
      if [ -d "$left" ] && { [ "$pid" = $$ ] || ! kill -0 "$pid" 2> /dev/null; }; then rm -rf "$left" || true; fi
    done
  done
}

make_directory() {
  reason=$(LC_ALL=C mkdir -p "$1" 2>&1) || fail "cannot make the directory $1 (${reason#mkdir: })$(remedy)"
  [ -w "$1" ] || fail "cannot write to $1$(remedy)"
}

remedy() {
  if [ "$(id -u)" -ne 0 ]; then printf '\n%s' "run this as root (sudo $0), or choose another place: --prefix ~/.local"; fi
}

# docker-bash and docker-ssh.
list_programs() { echo "$programs" | sed 's/ /, /g; s/\(.*\), /\1 and /'; }

usage() {
  cat << USAGE
usage: install-tools.sh [--prefix DIRECTORY] [--uninstall]
Installs $(list_programs) to DIRECTORY/bin, and their man pages and bash completion to DIRECTORY/share
(DIRECTORY: /usr/local).

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
