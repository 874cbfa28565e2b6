#!/bin/sh
# Instead of TERM, at which HAProxy drops its connections: USR1 lets it end them first.
kill -USR1 "$(cat supervise/pid)"
