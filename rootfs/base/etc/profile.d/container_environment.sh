# shellcheck shell=sh
# Login shells of users that may read it see the container's environment.

# Sources the file $1. The session keeps what it has of the variables that belong to one session: the same list as
# OF_ONE_SESSION in src/core/container-env.ts.
baseimage_source() {
  for baseimage_name in _ OLDPWD PWD SHLVL COLORTERM COLUMNS LINES TERM DISPLAY WAYLAND_DISPLAY XAUTHORITY \
    SSH_AGENT_PID SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_ORIGINAL_COMMAND SSH_TTY SSH_TUNNEL SSH_USER_AUTH \
    DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR XDG_SEAT XDG_SESSION_CLASS XDG_SESSION_DESKTOP XDG_SESSION_ID \
    XDG_SESSION_TYPE XDG_VTNR SUDO_COMMAND SUDO_GID SUDO_UID SUDO_USER INVOCATION_ID JOURNAL_STREAM \
    LISTEN_FDNAMES LISTEN_FDS LISTEN_PID NOTIFY_SOCKET SYSTEMD_EXEC_PID WATCHDOG_PID WATCHDOG_USEC; do
    eval "if [ -n \"\${$baseimage_name-}\" ]; then set -- \"\$@\" \"$baseimage_name=\$$baseimage_name\"; fi"
  done
  unset baseimage_name
  # shellcheck source=/dev/null
  . "$1"
  shift
  # Assigned, not exported: the size of a terminal, say, is no variable of the programs that bash starts.
  while [ $# -gt 0 ]; do
    eval "${1%%=*}=\${1#*=}"
    shift
  done
}

# my_init writes to /run where /etc is read-only. In a /run that is everybody's only what is root's counts.
if [ -e /run/container_environment.sh ] && [ "$(stat -c %u /run/container_environment.sh)" = 0 ]; then
  if [ -r /run/container_environment.sh ]; then baseimage_source /run/container_environment.sh; fi
elif [ -r /etc/container_environment.sh ]; then
  baseimage_source /etc/container_environment.sh
fi
unset -f baseimage_source
