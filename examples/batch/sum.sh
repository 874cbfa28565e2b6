#!/bin/sh
# Prints the sum of the numbers on standard input, one a line, each times $1. Status 65: a line is no number.
exec awk -v factor="${1:-1}" '
  !/^-?[0-9]+(\.[0-9]+)?$/ { print "line " NR " is no number: " $0 > "/dev/stderr"; failed = 65; exit }
  { sum += $0 * factor }
  END { if (!failed) print sum + 0; exit failed }
'
