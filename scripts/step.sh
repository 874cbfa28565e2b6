#!/bin/sh
# step.sh LOG TEXT COMMAND [ARGUMENT]...: runs COMMAND, appends its output to LOG, and shows TEXT and the time on standard error. The
# exit status is COMMAND's. If COMMAND fails, the end of its output is shown.
#
# At a terminal, one line moves: TEXT, the time, the builder's step, the newest line of the output. Elsewhere, with CI and
# with TERM=dumb there are two lines: one before COMMAND and one after it.
set -eu

log=${1:?usage: step.sh LOG TEXT COMMAND [ARGUMENT]...}
text=$2
shift 2

began=$(date +%s)
: >> "$log"
first_byte=$(($(wc -c < "$log") + 1))
where=" (log: $log)"
[ "$log" != /dev/null ] || where=
ticker=

main() {
  # Before the traps: a process that is forked with one may lose its first signal.
  if is_terminal; then
    tick &
    ticker=$!
  else
    say "$text$where ..."
  fi
  trap 'erase; exit 129' HUP
  trap 'erase; exit 130' INT
  trap 'erase; exit 143' TERM
  status=0
  "$@" >> "$log" 2>&1 || status=$?
  erase
  if [ "$status" -ne 0 ]; then
    output | tail -n 60 >&2
    say "$text: failed with status $status after $(elapsed)$where"
    exit "$status"
  fi
  say "$text: $(elapsed)"
}

say() { printf '%s\n' "$*" >&2; }

is_terminal() { [ -t 2 ] && [ -z "${CI:-}" ] && [ "${TERM:-dumb}" != dumb ]; }

elapsed() {
  seconds=$(($(date +%s) - began))
  if [ "$seconds" -lt 60 ]; then echo "$seconds s"; else echo "$((seconds / 60)) min $((seconds % 60)) s"; fi
}

output() { tail -c "+$first_byte" "$log"; }

# Draws the line each second, until it gets TERM. The shell ignores INT for it. No sleep(1) is left.
tick() {
  sleeper=
  trap '[ -z "$sleeper" ] || kill "$sleeper"; exit' TERM
  while kill -0 "$$" 2> /dev/null; do
    draw
    sleep 1 > /dev/null 2>&1 &
    sleeper=$!
    wait "$sleeper"
    sleeper=
  done
}

# A line that is as wide as the terminal would wrap.
draw() {
  columns=$(stty size <&2 2> /dev/null | cut -d ' ' -f 2)
  [ "${columns:-0}" -gt 1 ] || columns=80
  printf '\r%.*s\033[K' "$((columns - 1))" "$text: $(elapsed)$(detail)" >&2
}

# The step of a Dockerfile, as Docker's classic builder ("Step 3/20 : "), BuildKit ("#8 [image 3/9] ") and Podman
# ("[1/2] STEP 3/20: ") print it, and the newest line. Only ASCII: the width of other characters is not known here.
detail() {
  output | tr '\r' '\n' | LC_ALL=C tr -cd '\n -~' | awk '
    /^(\[[0-9]+\/[0-9]+\] )?(Step|STEP) [0-9]+\/[0-9]+ ?:/ || /^#[0-9]+ \[[^]]*[0-9]+\/[0-9]+\] / {
      sub(/^\[[0-9]+\/[0-9]+\] /, "")
      match($0, /[0-9]+\/[0-9]+/)
      step = ", step " substr($0, RSTART, RLENGTH)
      sub(/\//, " of ", step)
      sub(/^(Step|STEP) [0-9]+\/[0-9]+ ?: *|^#[0-9]+ \[[^]]*\] /, "")
    }
    NF { sub(/^ *(---> )?/, ""); newest = ", " $0 }
    END { print step newest }'
}

# Ends the moving line.
erase() {
  [ -n "$ticker" ] || return 0
  kill "$ticker" 2> /dev/null || true
  wait "$ticker" 2> /dev/null || true
  ticker=
  printf '\r\033[K' >&2
}

main "$@"
