#!/bin/sh
# Runs what can be run of another architecture's binary and image by an emulator: the engine's unit tests, the table of exit
# statuses as a plain process and in containers, a boot with all services, and the overlay. ARCH and IMAGE come from the environment.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
trap 'exit 130' INT
trap 'exit 143' TERM
. scripts/architecture.sh

sh scripts/export-root.sh
node scripts/quickjs-tests.mjs "$products/quickjs/run"
[ -z "$suffix" ] || export EMULATED=1
export ROOTFS="$products/root" BINARY_DIR="$products/bin"
if [ $# -gt 0 ]; then
  node scripts/test.mjs "$@"
else
  node scripts/test.mjs test/process/status.test.ts -- --test-name-pattern='exit status'
  node scripts/test.mjs test/core test/e2e/overlay.test.ts
fi
