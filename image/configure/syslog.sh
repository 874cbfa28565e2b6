#!/bin/sh
# What syslog-ng's package lacks.
set -eu

# syslog-ng looks for this file whether or not it is configured to join lines, and Ubuntu 24.04 has it in another
# package: without a rule in it there are two lines of complaint on standard error at each start. This one never matches.
rules=/usr/share/syslog-ng/smart-multi-line.fsm
[ -e "$rules" ] || printf 'start_state\t/(?!)/\tstart_state\n' > "$rules"
