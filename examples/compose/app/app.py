"""Counts its visits in the database. The variables PG... name the database and the password."""

import psycopg2


def app(environ, start_response):
    connection = psycopg2.connect("")
    try:
        with connection, connection.cursor() as cursor:
            if environ["PATH_INFO"] != "/health":
                cursor.execute("INSERT INTO visits DEFAULT VALUES")
            cursor.execute("SELECT count(*) FROM visits")
            (count,) = cursor.fetchone()
    finally:
        connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"visits: {count}\n".encode()]
