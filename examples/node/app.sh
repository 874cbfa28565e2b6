#!/bin/sh
# `node`, not `npm start`: TERM must reach the app itself.
exec setuser app node /app/app.js
