#!/bin/sh
# sudo on an instance of the local cloud: run the command as the current account.
while [ $# -gt 0 ]; do
    case $1 in
        -u|-g|-h|-p|-C|-D|--user|--group) shift 2 ;;
        -l|-v|-k|-K) exit 0 ;;
        -i|-s) shift; [ $# -gt 0 ] || exec "${SHELL:-/bin/bash}" ;;
        --) shift; break ;;
        -*) shift ;;
        [A-Za-z_]*=*) export "$1"; shift ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] || { echo "usage: sudo [options] command" >&2; exit 1; }
exec "$@"
