"""Makes the tables that are missing."""

import psycopg2

with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute(open("/app/schema.sql").read())
print("migrated")
