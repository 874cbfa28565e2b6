#!/bin/sh
# cross.sh ARCH: makes this Debian able to compile for ARCH (amd64 or arm64, as dpkg calls it), and to run the result.
#
# Does nothing if ARCH is empty or this machine's own. Otherwise installs Debian's cross compiler, the libraries of the
# other architecture and qemu, and writes the settings for build.sh to cross.env, beside this file.
set -eu

arch=${1:-}
own=$(dpkg --print-architecture)
if [ -z "$arch" ] || [ "$arch" = "$own" ]; then exit 0; fi

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

dpkg --add-architecture "$arch"
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends \
  "gcc-$(echo "$target" | tr _ -)-linux-gnu" "musl-dev:$arch" "libpam0g-dev:$arch" qemu-user
apt-get clean
rm -rf /var/lib/apt/lists/*

# Debian has musl-gcc only for the machine's own architecture. For another, only the name in it differs.
directory=/usr/lib/$target-linux-musl
sed "s/$here/$target/g" "/usr/lib/$here-linux-musl/musl-gcc.specs" > "$directory/musl-gcc.specs"
cat > "/usr/local/bin/$target-linux-musl-gcc" <<SCRIPT
#!/bin/sh
exec $target-linux-gnu-gcc "\$@" -specs $directory/musl-gcc.specs
SCRIPT
chmod 755 "/usr/local/bin/$target-linux-musl-gcc"

cat > "$(dirname "$0")/cross.env" <<ENV
# shellcheck shell=sh disable=SC2034
CC=$target-linux-gnu-gcc
MUSL_GCC=$target-linux-musl-gcc
OBJCOPY=$target-linux-gnu-objcopy
# The command that runs a program of the other architecture; the kernel need not know qemu.
RUN=qemu-$target
ENV
