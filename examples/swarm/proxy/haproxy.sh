#!/bin/sh
exec haproxy -db -f /etc/haproxy/haproxy.cfg
