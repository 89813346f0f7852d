#!/bin/sh
# The browser of a user who does what a test says: the URL goes to the client's standard output.
printf '{"open": "%s"}\n' "$1"
