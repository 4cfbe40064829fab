#!/bin/sh
# systemctl on a machine of the local cloud: there are no units, so asking for them succeeds and listing them is empty.
case $1 in
    is-active|is-enabled) echo inactive; exit 3 ;;
    status) echo "Unit $2 could not be found." >&2; exit 4 ;;
    *) exit 0 ;;
esac
