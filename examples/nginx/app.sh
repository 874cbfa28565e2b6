#!/bin/sh
cd /app || exit
exec setuser app gunicorn --bind 127.0.0.1:8000 --workers 2 app:app
