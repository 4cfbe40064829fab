#!/bin/sh
# unshare on an instance of the local cloud: without root, new namespaces exist only where this machine lets users have
# them. There the command has no network, and ends with all processes that it started; elsewhere it just runs.
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        -*) shift ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] || { echo "usage: unshare [options] command" >&2; exit 1; }
for real in /usr/bin/unshare /bin/unshare; do
    set -- "$real" --user --map-current-user --net --ipc --pid --fork --kill-child -- "$@"
    if [ -x "$real" ] && "$real" --user --map-current-user --net --ipc --pid --fork true 2>/dev/null; then exec "$@"; fi
    shift 9
done
exec "$@"
