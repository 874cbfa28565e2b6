#!/bin/sh
exec as-app gunicorn --bind :8000 --workers 2 app:app
