#!/bin/sh
# chown on an instance of the local cloud: one account owns everything, so only missing files are an error.
owner=
for argument; do
    case $argument in
        --reference=*) owner=given ;;
        -*) ;;
        *)
            if [ -z "$owner" ]; then owner=$argument
            elif [ ! -e "$argument" ] && [ ! -L "$argument" ]; then
                echo "chown: cannot access '$argument': No such file or directory" >&2
                failed=1
            fi ;;
    esac
done
[ -n "$owner" ] || { echo "chown: missing operand" >&2; exit 1; }
exit ${failed:-0}
