#!/bin/bash
# Runs the user data of a NAT instance in a small network of namespaces, and prints what reaches whom.
#
#   unshare -rnm bash nat_network.sh SCRIPT DIRECTORY PYTHON
#
# This namespace is the router of a VPC: it sends what the client sends to the NAT instance, which has one interface.
# The script runs in a root directory of its own, with the programs of this machine. What a namespace cannot do is
# replaced: there is no swap, no package manager and no systemd; `systemctl restart` runs the commands of the unit.
set -eu
script=$1 directory=$2 python=$3 servers=
mount -t tmpfs none "$directory"
root=$directory
for each in /*; do
    case "$each" in
    /dev | /etc | /proc | /run | /sys | /tmp | /var) ;;
    *)
        if [ -L "$each" ]; then
            cp -P "$each" "$root$each"
        elif [ -d "$each" ]; then
            mkdir "$root$each" && mount --rbind "$each" "$root$each"
        fi
        ;;
    esac
done
mkdir -p "$root"/{dev,proc,run,stubs,tmp,etc/sysctl.d,etc/systemd/system,var/lib/cloud/instance/scripts}
mount --rbind /proc "$root/proc"
: >"$root/dev/console"
: >"$root/dev/null"
install -m 700 "$script" "$root/var/lib/cloud/instance/scripts/part-001"

stub() { printf '#!/bin/bash\n%s\n' "$2" >"$root/stubs/$1" && chmod 700 "$root/stubs/$1"; }
stub dd 'truncate -s 1M /swapfile'
stub swapon 'echo "swapon $*" >>/calls'
stub dnf 'echo "dnf $*" >>/calls'
stub systemctl '
echo "systemctl $*" >>/calls
[ "$1" = restart ] || exit 0
sed -n "s/^ExecStart\(Post\)\?=//p" "/etc/systemd/system/$2" | while read -r line; do
    eval "$(basename "${line%% *}") ${line#* }" || exit 1
done'

namespace() { unshare -n sleep 60 >/dev/null 2>&1 & echo $!; }
inside() { nsenter -t "$1" -n "${@:2}"; }
join() { # NAMESPACE ROUTER-ADDRESS ADDRESS
    ip link add "to-$1" type veth peer name eth0 netns "$1"
    ip address add "$2" dev "to-$1"
    ip link set "to-$1" up
    inside "$1" ip address add "$3" dev eth0
    inside "$1" ip link set eth0 up
    inside "$1" ip route add default via "${2%/*}"
}
nat=$(namespace) client=$(namespace) internet=$(namespace)
trap 'kill $nat $client $internet $servers' EXIT
sleep 0.3
sysctl -q -w net.ipv4.ip_forward=1
join "$nat" 10.0.0.1/20 10.0.0.9/20
join "$client" 10.0.128.1/20 10.0.128.2/20
join "$internet" 203.0.113.1/24 203.0.113.2/24
ip rule add iif "to-$client" to 10.0.0.0/16 lookup main priority 10
ip rule add iif "to-$client" lookup 100 priority 20
ip route add default via 10.0.0.9 table 100

listen='import socket
with socket.create_server(("", 443)) as server:
    print("listening", flush=True)
    while True:
        connection, peer = server.accept()
        connection.sendall(peer[0].encode())
        connection.close()'
connect='import socket, sys
try:
    with socket.create_connection((sys.argv[1], 443), 1.5, (sys.argv[2], 0)) as connection:
        print("as", connection.recv(99).decode())
except OSError:
    print("no")'
for each in "$internet" "$client"; do
    read -r _ < <(inside "$each" "$python" -c "$listen")
    servers="$servers $!"
done
report() { echo "$1: $(inside "$2" "$python" -c "$connect" "$3" "${4:-0.0.0.0}")"; }
in_nat() { inside "$nat" chroot "$root" env PATH="/stubs:$PATH" "$@"; }

report "before" "$client" 203.0.113.2
in_nat /var/lib/cloud/instance/scripts/part-001
report "client to internet" "$client" 203.0.113.2
ip route add 10.0.128.2/32 via 10.0.0.9 table 200
ip rule add iif "to-$internet" lookup 200 priority 5
report "internet to client through the instance" "$internet" 10.0.128.2
inside "$client" ip address add 192.168.7.7/32 dev eth0
report "another range" "$client" 203.0.113.2 192.168.7.7
inside "$nat" nft flush ruleset
inside "$nat" sysctl -q -w net.ipv4.ip_forward=0
report "after a reboot, before its units start" "$client" 203.0.113.2
: >"$root/dev/console"
in_nat systemctl restart awsprov-nat.service
report "after a reboot" "$client" 203.0.113.2
in_nat /var/lib/cloud/instance/scripts/part-001
report "twice" "$client" 203.0.113.2
sed "s/^/call: /" "$root/calls"
sed "s/^/console: /" "$root/dev/console"
