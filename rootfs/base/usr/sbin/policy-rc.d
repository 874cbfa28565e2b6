#!/bin/sh
# Asked by package scripts whether they may start a daemon. Here only runit starts daemons: never (101).
exit 101
