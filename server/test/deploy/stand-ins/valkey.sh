#!/bin/sh
set -eu
chown -R valkey: /data
exec setpriv --reuid=valkey --regid=valkey --init-groups "$@"
