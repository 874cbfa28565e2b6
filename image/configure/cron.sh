#!/bin/sh
# What cron's and other packages brought that makes no sense in a container: it would back up package lists, fetch
# updates, or look after disks that are the host's.
set -eu

rm -f /etc/cron.daily/apt-compat /etc/cron.daily/dpkg /etc/cron.daily/passwd /etc/cron.daily/standard \
  /etc/cron.d/e2scrub_all /etc/cron.weekly/fstrim
