#!/bin/sh
# timeout on an instance of the local cloud: this machine's, or none, as on macOS.
for real in /usr/bin/timeout /bin/timeout; do
    if [ -x "$real" ]; then exec "$real" "$@"; fi
done
while [ $# -gt 0 ]; do
    case $1 in
        -*) shift ;;
        *) shift; break ;;
    esac
done
exec "$@"
