#!/bin/sh
# Asked by invoke-rc.d whether an init script may do something, for package scripts and logrotate's:
#
#   policy-rc.d [--quiet] NAME ACTION [RUNLEVEL]
#
# Only runit starts and stops daemons here: no (101). What only signals a daemon that is running: yes (0).
[ "${1-}" != --quiet ] || shift
name=${1-}
action=${2-}
script=/etc/init.d/$name

case $action in
  rotate | reload | force-reload) ;;
  *) exit 101 ;;
esac

# It starts another one, which takes the place of the one that runit looks after.
[ "$name" != haproxy ] || exit 101

"$script" status > /dev/null 2>&1 < /dev/null || exit 101

if [ "$action" = force-reload ]; then
  # It is a restart in scripts without `reload`, and `reload` in others (106: do this instead).
  grep -Eq "^[^#]*(^|[[:space:]|('\"])reload['\"]?[[:space:]]*[|)]" "$script" || exit 101
  echo reload
  exit 106
fi
