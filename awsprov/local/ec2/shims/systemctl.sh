#!/bin/sh
# systemctl on an instance of the local cloud: there are no units, and starting or stopping one succeeds.
case $1 in
    is-active|is-enabled) echo inactive; exit 3 ;;
    status) echo "Unit $2 could not be found." >&2; exit 4 ;;
    *) exit 0 ;;
esac
