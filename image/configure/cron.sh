#!/bin/sh
# What cron's and other packages brought that makes no sense in a container: it would back up package lists or
# fetch updates.
set -eu

rm -f /etc/cron.daily/apt-compat /etc/cron.daily/dpkg /etc/cron.daily/passwd /etc/cron.daily/standard
