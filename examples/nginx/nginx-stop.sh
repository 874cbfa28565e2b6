#!/bin/sh
# Instead of TERM, at which nginx drops its connections: QUIT lets it answer them first.
kill -QUIT "$(cat supervise/pid)"
