#!/bin/sh
exec node /app/app.js
