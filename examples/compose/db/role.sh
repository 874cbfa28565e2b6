#!/bin/sh
# At each start of the container: a new password in the file is the role's password after a restart.
set -e
APP_PASSWORD=$(cat /run/secrets/db_password)
# PostgreSQL would take the role's password away.
: "${APP_PASSWORD:?the file /run/secrets/db_password is empty}"
export APP_PASSWORD
exec setuser postgres psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --file=/etc/postgresql-common/role.sql
