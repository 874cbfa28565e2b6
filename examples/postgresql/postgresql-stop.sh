#!/bin/sh
# Instead of TERM, at which PostgreSQL waits until the last client has left: INT sends them away.
kill -INT "$(cat supervise/pid)"
