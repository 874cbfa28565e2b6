#!/bin/sh
# What lines of many Dockerfiles expect, and newer distributions or small bases lack; and what the base has too much.
set -eu

# Its package, lsb-release, replaces the link.
[ -e /usr/bin/lsb_release ] || ln -s ../lib/baseimage/lsb_release /usr/bin/lsb_release

# tzdata keeps it up to date where it is there.
if [ ! -e /etc/timezone ]; then
  zone=$(readlink /etc/localtime || true)
  case $zone in
    /usr/share/zoneinfo/*) echo "${zone#/usr/share/zoneinfo/}" > /etc/timezone ;;
    *) echo Etc/UTC > /etc/timezone ;;
  esac
fi

# For `sed -i`. What is added to it counts.
if [ ! -e /etc/apt/sources.list ]; then
  printf '# The package sources of this image are in %s.\n' /etc/apt/sources.list.d/* > /etc/apt/sources.list
fi

# What the base brought that makes no sense in a container: these jobs look after disks that are the host's. Debian 12's
# base has the first without cron.
rm -f /etc/cron.d/e2scrub_all /etc/cron.weekly/fstrim
