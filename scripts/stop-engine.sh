#!/bin/sh
# Ends the dockerd that setup.sh started, if it did; leaves any other alone.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
pidfile=build/dockerd.pid

[ -e "$pidfile" ] || exit 0
pid=$(cat "$pidfile")
# The number may be another program's by now.
if [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = dockerd ]; then
  echo "stopping the dockerd that was started here (PID $pid)" >&2
  # The swarm of a test that was interrupted would come back with the next dockerd.
  services=$(docker service ls --format '{{.Name}}' 2> /dev/null) || services=
  if [ -n "$services" ] && ! echo "$services" | grep -qv '^swarm-test-'; then
    docker swarm leave --force > /dev/null
  fi
  kill "$pid"
  tries=300
  while kill -0 "$pid" 2> /dev/null; do
    if [ "$tries" -eq 0 ]; then
      echo "dockerd (PID $pid) does not end" >&2
      exit 1
    fi
    tries=$((tries - 1))
    sleep 0.1
  done
fi
rm -f "$pidfile"
