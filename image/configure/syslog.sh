#!/bin/sh
# What of the system log depends on the version of syslog-ng. Run by build.sh once packages and overlays are there.
set -eu

configuration=/etc/syslog-ng/syslog-ng.conf
start=/etc/my_init.d/10_syslog-ng.init

# syslog-ng looks for this file whether or not it is configured to join lines, and Ubuntu 24.04 has it in another
# package: without a rule in it there are two lines of complaint on standard error at each start. This one never matches.
rules=/usr/share/syslog-ng/smart-multi-line.fsm
[ -e "$rules" ] || printf 'start_state\t/(?!)/\tstart_state\n' > "$rules"

# Known from syslog-ng 4.1 on; to later ones the older name is obsolete.
trial=$(mktemp)
printf '@version: current\noptions { stats(freq(0)); };\n' > "$trial"
/usr/sbin/syslog-ng --syntax-only --cfgfile="$trial" > /dev/null 2>&1 ||
  sed -i 's/stats(freq(0))/stats-freq(0)/' "$configuration"
rm "$trial"

# Known from syslog-ng 3.37 on; older ones look into all modules.
discovery=--no-module-discovery
if ! /usr/sbin/syslog-ng $discovery --version > /dev/null 2>&1; then
  sed -i "s/$discovery //" "$start"
  discovery=
fi

# Nothing of it may be unknown here, or lack a module.
# shellcheck source=/dev/null
. /etc/default/syslog-ng
# shellcheck disable=SC2086 # options, several of them
if ! said=$(/usr/sbin/syslog-ng --syntax-only $discovery $SYSLOGNG_OPTS 2>&1); then
  echo "$configuration: $(echo "$said" | grep -m 1 '^Error' || echo "syslog-ng refuses it")" >&2
  exit 1
fi
