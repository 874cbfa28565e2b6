#!/bin/sh
# Run by derived images at the end of a layer: removes what a build leaves behind.
set -eu

# shellcheck source=rootfs/base/usr/lib/baseimage/command-line
if [ $# -gt 0 ]; then . /usr/lib/baseimage/command-line; fi

apt-get clean
find /var/lib/apt/lists -type f -delete
# Within these two, a mount (a build cache, say) is somebody else's.
find /tmp /var/tmp -xdev -mindepth 1 -delete 2>/dev/null || true
find / -xdev -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
