#!/bin/sh
# Makes the database where the volume has none.
set -e
cd /var/lib/postgresql

[ ! -e data ] || exit 0

# Made aside and renamed: a container that is killed meanwhile leaves no half of one.
rm -rf new
chown postgres:postgres .
setuser postgres initdb --no-instructions --pgdata=new --encoding=UTF8 --auth-local=peer --auth-host=scram-sha-256
# From other machines too: a role gets in once it has a password.
echo 'host all all all scram-sha-256' >> new/pg_hba.conf
mv new data
