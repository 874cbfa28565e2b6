#!/bin/sh
set -e
install -d -o postgres -g postgres /run/postgresql
exec setuser postgres postgres -D /var/lib/postgresql/data -c listen_addresses='*'
