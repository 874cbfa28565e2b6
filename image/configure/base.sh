#!/bin/sh
# What the base brought that makes no sense in a container: these jobs look after disks that are the host's. Debian 12's
# base has the first without cron.
set -eu

rm -f /etc/cron.d/e2scrub_all /etc/cron.weekly/fstrim
