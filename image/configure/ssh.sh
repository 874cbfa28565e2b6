#!/bin/sh
# What of the SSH part depends on the distribution. Run by build.sh once packages and overlays are there.
set -eu

config=/etc/ssh/sshd_config

# sshd reads its configuration only where it has a host key and this directory.
mkdir -p /run/sshd
/usr/lib/baseimage/make-ssh-host-keys

# Known from OpenSSH 9.8 on; older ones have no penalties.
if ! /usr/sbin/sshd -t -o PerSourcePenalties=no 2> /dev/null; then
  sed -i '/one address, the gateway/,/^PerSourcePenalties/d' "$config"
fi

# Nothing of it may be unknown or deprecated here.
complaints=$(/usr/sbin/sshd -t 2>&1) || complaints="status $?: $complaints"
if [ -n "$complaints" ]; then
  echo "$config: $complaints" >&2
  exit 1
fi

# Each container makes its own.
rm -f /etc/ssh/ssh_host_*
rmdir /run/sshd

# The distribution's own text; what a Dockerfile puts there is shown.
if [ -e /etc/motd ]; then : > /etc/motd; fi
