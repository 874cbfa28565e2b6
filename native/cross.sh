#!/bin/sh
# cross.sh ARCH [CPU]: makes this Debian able to compile for ARCH (amd64 or arm64, as dpkg calls it), and to run the result.
#
# CPU: what build.sh runs believes to be on this processor, one of qemu's `-cpu`. Such a build gives the same bytes.
#
# Does nothing if ARCH is empty or this machine's own, and CPU is empty. Otherwise installs qemu and, for another
# architecture, Debian's cross compiler and libraries, and writes the settings for build.sh to cross.env, beside this file.
set -eu

own=$(dpkg --print-architecture)
arch=${1:-$own} cpu=${2:-}
if [ "$arch$cpu" = "$own" ]; then exit 0; fi

machine() { # as GNU calls it
  case $1 in
    amd64) echo x86_64 ;;
    arm64) echo aarch64 ;;
    *)
      echo "cross.sh: no such architecture: $1 (amd64 and arm64 are known)" >&2
      return 1
      ;;
  esac
}
target=$(machine "$arch")
here=$(machine "$own")

compilers='' prefix='' musl_gcc=musl-gcc
if [ "$arch" != "$own" ]; then
  dpkg --add-architecture "$arch"
  compilers="gcc-$(echo "$target" | tr _ -)-linux-gnu musl-dev:$arch libpam0g-dev:$arch"
  prefix=$target-linux-gnu-
  musl_gcc=$target-linux-musl-gcc
fi
apt-get -q update
# shellcheck disable=SC2086 # several packages, or none
DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $compilers qemu-user
apt-get clean
rm -rf /var/lib/apt/lists/*

# Debian has musl-gcc only for the machine's own architecture. For another, only the name in it differs.
if [ "$arch" != "$own" ]; then
  directory=/usr/lib/$target-linux-musl
  sed "s/$here/$target/g" "/usr/lib/$here-linux-musl/musl-gcc.specs" > "$directory/musl-gcc.specs"
  cat > "/usr/local/bin/$musl_gcc" <<SCRIPT
#!/bin/sh
exec $target-linux-gnu-gcc "\$@" -specs $directory/musl-gcc.specs
SCRIPT
  chmod 755 "/usr/local/bin/$musl_gcc"
fi

cat > "$(dirname "$0")/cross.env" <<ENV
# shellcheck shell=sh disable=SC2034
CC=${prefix}gcc
MUSL_GCC=$musl_gcc
OBJCOPY=${prefix}objcopy
# The command that runs a program of the other architecture or processor; the kernel need not know qemu.
RUN='qemu-$target${cpu:+ -cpu $cpu}'
ENV
