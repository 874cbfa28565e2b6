#!/bin/sh
# as-app PROGRAM...: only PROGRAM gets the password. Root reads it, so its file may be root's.
set -e
PGPASSWORD=$(cat /run/secrets/db_password)
export PGPASSWORD
cd /app
exec setuser app "$@"
