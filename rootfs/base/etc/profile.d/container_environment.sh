# shellcheck shell=sh
# Login shells of who may read it see the container's environment. TERM is that of their own terminal.
set -- /etc/container_environment.sh "${TERM-}" "$@"
# my_init writes to /run where /etc is read-only. In a /run that is everybody's only what is root's counts.
if [ -e /run/container_environment.sh ] && [ "$(stat -c %u /run/container_environment.sh)" = 0 ]; then
  shift
  set -- /run/container_environment.sh "$@"
fi
if [ -r "$1" ]; then
  # shellcheck source=/dev/null
  . "$1"
  if [ -n "$2" ]; then TERM=$2; fi
fi
shift 2
