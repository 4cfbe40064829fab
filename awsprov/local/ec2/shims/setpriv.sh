#!/bin/sh
# setpriv on an instance of the local cloud: there is one account, so the command runs as that.
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        -*) shift ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] || { echo "usage: setpriv [options] command" >&2; exit 1; }
exec "$@"
