#!/bin/sh
exec setuser postgres pg_isready --quiet
