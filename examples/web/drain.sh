#!/bin/sh
# Before services are told to stop. container_health is red by now, but who sends requests here learns of it, or of the stop, a little
# later, and is answered until then.
sv hup app
sleep "${DRAIN_SECONDS:-3}"
