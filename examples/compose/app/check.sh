#!/bin/sh
exec curl --silent --fail --max-time 3 --output /dev/null http://localhost:8000/health
