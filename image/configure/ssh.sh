#!/bin/sh
# What of the SSH part depends on the distribution. Run by build.sh once packages and overlays are there.
set -eu

config=/etc/ssh/sshd_config

# Each container makes its own (00_regen_ssh_host_keys.sh).
rm -f /etc/ssh/ssh_host_*

# sshd -G reads its configuration and needs no host key. Known from OpenSSH 9.8 on.
if ! /usr/sbin/sshd -G -o PerSourcePenalties=no > /dev/null 2>&1; then
  sed -i '/one address, the gateway/,/^PerSourcePenalties/d' "$config"
fi

# Nothing of it may be unknown or deprecated here.
complaints=$(/usr/sbin/sshd -G 2>&1 > /dev/null) || true
if [ -n "$complaints" ]; then
  echo "$complaints" >&2
  exit 1
fi

# The distribution's own text; what a Dockerfile puts there is shown.
if [ -e /etc/motd ]; then : > /etc/motd; fi
