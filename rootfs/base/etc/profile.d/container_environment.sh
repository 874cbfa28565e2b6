# shellcheck shell=sh
# Login shells of who may read it see the container's environment. TERM is that of their own terminal.
if [ -r /etc/container_environment.sh ]; then
  set -- "${TERM-}" "$@"
  # shellcheck source=/dev/null
  . /etc/container_environment.sh
  if [ -n "$1" ]; then TERM=$1; fi
  shift
fi
