#!/bin/sh
# Runs in the machine of `make test-modern`: says what is there, brings the image in, and runs the tests that are bundled.
set -u

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root CI=true
# systemd gives what the kernel does not know of its command line to nobody else.
# shellcheck disable=SC2013 # words are wanted
for word in $(cat /proc/cmdline); do
  case $word in IMAGE=* | TEST_PATIENCE=*) export "${word?}" ;; esac
done
# As udev does, which is not there.
modprobe -a tun fuse
chmod 666 /dev/net/tun /dev/fuse
# A way out, which leads nowhere: rootless Podman asks for one.
ip link add outside type dummy
ip address add 192.0.2.2/24 dev outside
ip link set outside up
ip route add default via 192.0.2.1
touch /etc/resolv.conf
stty -F /dev/ttyS0 raw

say() { echo "test-modern: $*"; }
seconds() { cut -d. -f1 /proc/uptime; }

version() { # NAME COMMAND...
  name=$1
  shift
  "$@" 2> /dev/null | head -n 1 | awk -v name="$name" '{ for (i = 1; i <= NF; i++) if ($i ~ /^v?[0-9]/) { print name, $i; exit } }'
}

say "booted after $(seconds) s: $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), Linux $(uname -r) (User-mode Linux)," \
  "control groups $(stat -f -c %T /sys/fs/cgroup) with $(cat /sys/fs/cgroup/cgroup.controllers)," \
  "AppArmor $(cat /sys/module/apparmor/parameters/enabled)"
say "$({
  version systemd systemctl --version
  version Docker docker version --format '{{.Server.Version}}'
  version buildx docker buildx version
  version containerd containerd --version
  version runc runc --version
  version Podman podman --version
  version crun crun --version
} | paste -s -d , | sed 's/,/, /g')"

for what in "limits of processors (the kernel has no cpuset controller)" \
  "docker-bash's filters of system calls (the kernel cannot report them)" \
  "Podman's own networks (the kernel has no nftables)" \
  "a build of the image (there is no network to the outside)" "a Kubernetes cluster"; do
  say "not tested here: $what"
done

if docker load --quiet --input build/modern/images.tar; then
  say "the image is loaded after $(seconds) s"
  result=passed
  # One file after the other: it has the machine to itself.
  run() { node --enable-source-maps --test --test-concurrency=1 --test-reporter=spec "$@" || result=failed; }
  # shellcheck disable=SC2046 # a list of words
  [ ! -s build/modern/tests ] || run $(cat build/modern/tests)
  # Half of the matrix: at a terminal it has as many cells again.
  # shellcheck disable=SC2046 # a list of words
  [ ! -s build/modern/matrix ] || run --test-name-pattern='no terminal' $(cat build/modern/matrix)
else
  journalctl --unit docker --no-pager | tail -n 20
  result=failed
fi
say "$(seconds) s"
say "$result"
