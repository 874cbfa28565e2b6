#!/bin/sh
# Whether the app answers, whatever it says: nginx waits for that.
exec curl --silent --max-time 3 --output /dev/null http://127.0.0.1:8000/
