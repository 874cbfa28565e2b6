#!/bin/sh
# setup.sh PART...: makes this machine ready for `node` (types, tests), `lint`, `man` (the tests of man pages), `engine`
# (containers), `podman` (the tests that say it works there too), `compose` (the test of examples/compose), `ssh` (those of
# docker-ssh), `emulation` (programs of the architecture ARCH) or `modern` (the machine of `make test-modern`).
#
# Installs what is missing where it can (root and apt), says what it does and for how long, and is silent where there
# is nothing to do. Elsewhere it says in one line what to install, and fails.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
pidfile=build/dockerd.pid
log=build/dockerd.log

main() {
  trap 'exit 130' INT
  trap 'exit 143' TERM
  missing=
  for part in "$@"; do
    case $part in
      node) need_node ;;
      lint) has shellcheck || missing="$missing shellcheck" ;;
      engine) need_engine_packages ;;
      podman)
        has podman || missing="$missing podman"
        # What holds a pod; other distributions than Debian keep it with Podman's own files.
        has catatonit || [ -x /usr/libexec/podman/catatonit ] || missing="$missing catatonit"
        ;;
      compose) [ "$engine" != docker ] || has_compose || missing="$missing docker-compose" ;;
      emulation) need_emulation ;;
      modern) need_modern ;;
      man) has groff || has mandoc || missing="$missing groff-base" ;;
      ssh) has ssh || missing="$missing openssh-client" ;;
      *) fail "no such part: $part" ;;
    esac
  done
  [ -z "$missing" ] || install_packages

  for part in "$@"; do
    case $part in
      node) install_modules ;;
      engine) [ "$engine" != docker ] || start_dockerd ;;
      emulation) is_emulated || start_emulation ;;
    esac
  done
}

say() { echo "setup: $*" >&2; }
fail() {
  say "$*"
  exit 1
}
has() { command -v "$1" > /dev/null 2>&1; }

need_node() {
  if ! has node; then
    missing="$missing nodejs npm"
  elif ! has npm; then
    missing="$missing npm"
  fi
}

need_engine_packages() {
  case $engine in
    docker)
      has docker || missing="$missing docker-cli"
      # A client alone may talk to an engine elsewhere; only when none answers is one needed here.
      has dockerd || [ -x /usr/sbin/dockerd ] || engine_answers || missing="$missing docker.io iptables"
      ;;
    podman) has podman || missing="$missing podman" ;;
    *) fail "ENGINE=$engine: only docker and podman are known" ;;
  esac
  # Where it cannot be had, a registry may do; if none does, scripts/base-image.sh says what is missing.
  # Other distributions than Debian do not have its keys.
  has debootstrap || ! can_install || engine_has_base || missing="$missing debootstrap debian-archive-keyring"
}

has_compose() { docker compose version > /dev/null 2>&1 || docker-compose version > /dev/null 2>&1; }

need_emulation() {
  . scripts/architecture.sh
  machine=$(echo "$arch" | sed 's/amd64/x86_64/; s/arm64/aarch64/')
  is_emulated || [ -e "/usr/lib/binfmt.d/qemu-$machine.conf" ] || missing="$missing qemu-user-static"
}

need_modern() {
  has debootstrap || missing="$missing debootstrap"
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
  has mke2fs || [ -x /usr/sbin/mke2fs ] || missing="$missing e2fsprogs"
}

is_emulated() { [ -z "$suffix" ] || grep -qs '^enabled' "/proc/sys/fs/binfmt_misc/qemu-$machine"; }

# The kernel starts programs of ARCH by qemu from now on, in containers too (flag F: qemu is opened once, here).
start_emulation() {
  registry=/proc/sys/fs/binfmt_misc
  [ -e "$registry/register" ] || mount -t binfmt_misc binfmt_misc "$registry" ||
    fail "this kernel cannot be told of qemu (no binfmt_misc), so it cannot run programs of $arch"
  is_emulated || {
    say "telling the kernel that qemu runs programs of $arch"
    cat "/usr/lib/binfmt.d/qemu-$machine.conf" > "$registry/register" ||
      fail "registering qemu for $arch failed: it needs root, on the machine itself"
  }
}

# debootstrap is only for machines without a registry: who has a base image needs none.
engine_has_base() { "$engine" image inspect "${BASE_IMAGE:-ubuntu:24.04}" "${TOOLCHAIN_IMAGE:-debian:13}" > /dev/null 2>&1; }

engine_answers() { timeout 20 "$engine" version > /dev/null 2>&1; }

can_install() { [ "$(id -u)" -eq 0 ] && has apt-get; }

install_packages() {
  if ! can_install; then
    fail "please install:$missing (only root on Debian or Ubuntu can have it done by this script)"
  fi
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p build
  : > build/setup.log
  # A foreign source that is down is not our concern.
  sh scripts/step.sh build/setup.log "setup: updating apt's lists" sh -c 'apt-get -q update || true'
  case $missing in
    *nodejs*) refuse_old_node "$(apt-cache policy nodejs | awk '$1 == "Candidate:" { print $2 }')" ;;
  esac
  # Before Debian 13 the client is part of docker.io.
  case $missing in
    *docker-cli*) apt_knows docker-cli || missing=$(echo "$missing" | sed 's/docker-cli/docker.io/') ;;
  esac
  # Ubuntu's docker-compose is the old one, and does not start there.
  case $missing in
    *docker-compose*) ! apt_knows docker-compose-v2 || missing=$(echo "$missing" | sed 's/docker-compose/docker-compose-v2/') ;;
  esac
  # shellcheck disable=SC2086 # a list of words
  sh scripts/step.sh build/setup.log "setup: installing:$missing" \
    apt-get -qy install --no-install-recommends $missing < /dev/null ||
    fail "apt-get install$missing failed: $(grep '^E:' build/setup.log | head -n 1) (log: build/setup.log)"
}

refuse_old_node() {
  major=$(echo "${1#v}" | sed 's/[^0-9].*//')
  [ "${major:-0}" -ge 18 ] || fail "Node $1 is too old: please install Node 18 or newer with npm (https://nodejs.org)"
}

apt_knows() { apt-cache policy "$1" | grep -q 'Candidate: [^(]'; }

install_modules() {
  refuse_old_node "$(node --version)"
  # npm leaves this copy of the lock file when it has finished.
  stamp=node_modules/.package-lock.json
  if [ ! -e "$stamp" ] || [ -n "$(find package-lock.json -newer "$stamp")" ]; then
    mkdir -p build
    sh scripts/step.sh build/npm.log "setup: installing npm packages" npm ci --no-audit --no-fund --loglevel=error < /dev/null
    touch "$stamp"
  fi
}

start_dockerd() {
  engine_answers && return
  [ "$(id -u)" -eq 0 ] || fail "no Docker engine answers: please start one, run this as root, or join the group docker"
  if [ -d /run/systemd/system ]; then
    say "starting the Docker service"
    systemctl start docker
    engine_answers || fail "the Docker service does not answer: see journalctl -u docker"
    return
  fi
  mkdir -p build
  mount_cgroups
  # A lock or a pid file of an engine that was killed would keep the new one from starting.
  if [ -e /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2> /dev/null; then rm -f /var/run/docker.pid; fi
  # In a session of its own, so that Ctrl-C in `make run` does not reach it.
  setsid dockerd > "$log" 2>&1 < /dev/null &
  dockerd=$!
  echo "$dockerd" > "$pidfile"
  sh scripts/step.sh "$log" "setup: starting dockerd, which 'make engine-stop' ends" \
    sh scripts/setup.sh until-dockerd "$dockerd" || {
    kill "$dockerd" 2> /dev/null || true
    rm -f "$pidfile"
    fail "dockerd did not start: $(grep -E 'fail|error' "$log" | tail -n 1) (log: $log)"
  }
}

# What the step runs: waits until dockerd, process $1, answers. Fails if it has ended, or after a minute.
until_dockerd() {
  tries=600
  until engine_answers; do
    if ! kill -0 "$1" 2> /dev/null || [ "$tries" -eq 0 ]; then return 1; fi
    tries=$((tries - 1))
    sleep 0.1
  done
}

# dockerd needs the kernel's control groups, which nobody mounts where no init system runs.
mount_cgroups() {
  if mountpoint -q /sys/fs/cgroup || grep -q ' cgroup' /proc/mounts; then return; fi
  say "mounting the control groups"
  mkdir -p /sys/fs/cgroup
  if ! awk '$2 != 0 && NR > 1 { exit 1 }' /proc/cgroups || ! mount -t cgroup2 cgroup2 /sys/fs/cgroup 2> /dev/null; then
    mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
    awk 'NR > 1 && $4 == 1 { print $1 }' /proc/cgroups | while read -r controller; do
      mkdir -p "/sys/fs/cgroup/$controller"
      mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
    done
  fi
}

case ${1:-} in
  until-dockerd) until_dockerd "$2" ;;
  *) main "$@" ;;
esac
