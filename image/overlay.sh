#!/bin/sh
# overlay.sh OUT NOTICES DIRECTORY: lays the overlay into DIRECTORY/root, and packs it into DIRECTORY/overlay.tar and
# overlay.tar.xz. OUT: the products of native/build.sh. NOTICES: where LICENSE and THIRD-PARTY.md are.
# SOURCE_DATE_EPOCH in the environment is the time of all files; empty: now.
#
# Only directories that are directories on every Linux: on some, /bin, /sbin, /lib and /usr/sbin are links, and COPY and ADD
# would replace a link by a directory. Nothing in /etc either: what is missing there is the base's affair, or my_init makes it.
set -eu
umask 022

out=${1:?usage: overlay.sh OUT NOTICES DIRECTORY} notices=${2:?} directory=${3:?}
root=$directory/root
own=$root/usr/lib/baseimage

mkdir -p "$own/runit" "$root/usr/bin" "$root/usr/local/bin" "$root/usr/share/doc/baseimage"
install -m 755 "$out/bin/baseimage" "$own/my_init"
for program in log_lines runsv essential-finish service-control; do ln -s my_init "$own/$program"; done
for program in my_init setuser container_exit container_health container_lint container_status boot_report \
  workaround-docker-2267 sv; do
  ln -s ../lib/baseimage/my_init "$root/usr/bin/$program"
done

cp -P "$out"/runit/* "$own/runit/"
mv "$own/runit/LICENSE" "$root/usr/share/doc/baseimage/LICENSE.busybox"
chmod 755 "$own"/runit/*
for program in runsvdir runsv chpst svlogd; do ln -s "../lib/baseimage/runit/$program" "$root/usr/bin/$program"; done
# What our sv executes, by the same name as in the image.
ln -s ../lib/baseimage/runit/sv "$root/usr/bin/sv.distrib"
# The first in PATH, also after the base's package manager has brought its own to /usr/bin.
ln -s ../../lib/baseimage/my_init "$root/usr/local/bin/sv"

install -m 644 "$notices/LICENSE" "$notices/THIRD-PARTY.md" "$root/usr/share/doc/baseimage/"
chmod 644 "$root"/usr/share/doc/baseimage/*

time=@${SOURCE_DATE_EPOCH:-$(date +%s)}
find "$root" -exec touch --no-dereference --date="$time" {} +
tar --directory="$root" --sort=name --format=ustar --owner=root:0 --group=root:0 --create --file="$directory/overlay.tar" usr
xz --keep --extreme -9 --threads=1 "$directory/overlay.tar"
