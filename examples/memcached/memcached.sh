#!/bin/sh
# Stays in the foreground: `exec` and no --daemon, so that runit sees it end and starts it again.
exec setuser memcache memcached
