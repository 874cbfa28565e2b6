#!/bin/sh
# modern-machine.sh: makes the machine of `make test-modern` in build/modern/SUITE, if it is not there. SUITE comes from the environment.
#
# disk.ext4 is the machine's root: Debian's SUITE by debootstrap, with the packages of test/modern/packages. kernel/ has
# User-mode Linux, which is a program, and the libraries that it needs. Both are made again when one of their sources changes.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
. scripts/host-mirror.sh
suite=${SUITE:-testing}
# Later builds of User-mode Linux have no table "nat", neither for iptables nor for nftables: Docker does not start.
kernel_suite=trixie
machine=build/modern/$suite
log=$machine/make.log

main() {
  [ "$(cat "$machine/made-of" 2> /dev/null)" != "$(sources)" ] || return 0
  [ "$(id -u)" -eq 0 ] || fail "it needs root"
  [ "$(uname -m)" = x86_64 ] || fail "User-mode Linux is for amd64, and this machine is $(uname -m)"

  rm -rf --one-file-system "$machine"
  mkdir -p "$machine"
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/modern-machine.XXXXXX")
  trap 'rm -rf --one-file-system "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # It takes two minutes or so, once. In namespaces of its own: what debootstrap mounts and starts ends with them.
  sh scripts/step.sh "$log" "test-modern: making a machine with Debian $suite" \
    unshare --mount --pid --fork --kill-child sh "$0" in-namespaces "$work" ||
    fail "that failed: $(tail -n 1 "$log") (log: $log)"
  sources > "$machine/made-of"
}

say() { echo "test-modern: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# What the machine is made of, and the week: packages of testing change.
sources() {
  echo "$suite $kernel_suite $(date +%G-%V)"
  cat test/modern/packages test/modern/machine.service scripts/modern-machine.sh | sha256sum
}

in_namespaces() {
  root=$1/root
  # From the mirror that this host's apt uses; if that has no Debian, from debootstrap's default.
  mirror=$(host_mirror '/debian$')
  # shellcheck disable=SC2086 # it may be empty
  debootstrap --variant=minbase "$suite" "$root" $mirror
  sed "s/ $suite / $kernel_suite /" "$root/etc/apt/sources.list" > "$root/etc/apt/sources.list.d/kernel.list"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  # A proxy, and whether the dates of lists are checked.
  apt-config dump | grep -iE '^Acquire::(Check-|.*Proxy)' > "$root/etc/apt/apt.conf.d/host" || true
  mount -t proc proc "$root/proc"
  # Nothing is started in there.
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"

  export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
  in_root() { chroot "$root" "$@" < /dev/null; }
  in_root apt-get -q update
  # shellcheck disable=SC2046 # a list of words
  in_root apt-get -qy install --no-install-recommends $(cat test/modern/packages)
  in_root apt-get -qy install --no-install-recommends "user-mode-linux/$kernel_suite"
  rm "$root/usr/sbin/policy-rc.d" "$root/etc/apt/sources.list.d/kernel.list" "$root/etc/apt/apt.conf.d/host" \
    "$root/etc/resolv.conf"
  umount "$root/proc"

  configure
  in_root update-alternatives --set iptables /usr/sbin/iptables-legacy
  in_root update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy
  in_root useradd --create-home --shell /bin/bash user
  in_root systemctl enable test-modern.service
  find "$root/var/cache/apt" "$root/var/lib/apt/lists" -type f -delete

  kernel=$machine/kernel
  mkdir -p "$kernel/dev" "$kernel/proc" "$kernel/repository" "$kernel/machine"
  for file in /usr/bin/linux.uml /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6; do
    mkdir -p "$kernel$(dirname "$file")"
    cp -L "$root$file" "$kernel$file"
  done
  mke2fs -q -t ext4 -d "$root" -E root_owner=0:0 "$machine/disk.ext4" 12G
}

configure() {
  echo modern > "$root/etc/hostname"
  echo "127.0.0.1 localhost modern" > "$root/etc/hosts"
  echo "/dev/ubda / ext4 defaults 0 1" > "$root/etc/fstab"
  mkdir -p "$root/repository" "$root/usr/lib/modules"
  for modules in "$root/usr/lib/uml/modules"/*; do
    ln -s "../uml/modules/${modules##*/}" "$root/usr/lib/modules/${modules##*/}"
  done
  cp test/modern/machine.service "$root/etc/systemd/system/test-modern.service"
  # The user's processes, without a login.
  mkdir -p "$root/var/lib/systemd/linger"
  touch "$root/var/lib/systemd/linger/user"
}

if [ "${1:-}" = in-namespaces ]; then in_namespaces "$2"; else main; fi
