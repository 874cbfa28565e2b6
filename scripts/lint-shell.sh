#!/bin/sh
# Runs shellcheck on every shell script of the repository, whatever its name.
set -eu

CDPATH='' cd "$(dirname "$0")/.."

# What says so in its first line; a file that is only sourced says it to shellcheck.
is_shell() {
  [ -f "$1" ] || return 1
  read -r first < "$1" || true
  case $first in
    '#!/bin/sh'* | '#!/bin/bash'* | '# shellcheck shell='*) return 0 ;;
    *) return 1 ;;
  esac
}

git ls-files --cached --others --exclude-standard | sort -u |
  while IFS= read -r file; do
    if is_shell "$file"; then printf '%s\n' "$file"; fi
  done |
  tr '\n' '\0' | xargs -0 shellcheck
