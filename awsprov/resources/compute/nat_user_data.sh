#!/bin/bash
# Makes an Amazon Linux 2023 instance a NAT instance for the IPv4 range @CIDR@.
# cloud-init runs it once, at the first boot; the unit that it writes sets everything up again at each boot.
set -euo pipefail

report() {
    echo "awsprov-nat: $*"
    if [ -w /dev/console ]; then echo "awsprov-nat: $*" >/dev/console || true; fi
}

# Nothing here may run on any other machine, such as that of the local cloud.
case "$0" in
/var/lib/cloud/*) ;;
*)
    echo "awsprov-nat: not started by cloud-init: this machine forwards nothing"
    echo "awsprov-nat: ready"
    exit 0
    ;;
esac
trap 'report "failed at line $LINENO"' ERR

# dnf needs more memory than the smallest instances have.
if [ ! -e /swapfile ]; then
    dd if=/dev/zero of=/swapfile bs=1M count=512 status=none
    chmod 600 /swapfile
    mkswap /swapfile >/dev/null
    echo "/swapfile none swap defaults 0 0" >>/etc/fstab
fi
swapon -a
command -v nft >/dev/null || dnf install -y -q nftables

cat >/etc/sysctl.d/90-awsprov-nat.conf <<'END'
net.ipv4.ip_forward = 1
END

cat >/etc/awsprov-nat.nft <<'END'
table ip awsprov_nat
delete table ip awsprov_nat
table ip awsprov_nat {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr @CIDR@ ip daddr != @CIDR@ accept
    }
    chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr @CIDR@ ip daddr != @CIDR@ masquerade
    }
}
END

cat >/etc/systemd/system/awsprov-nat.service <<'END'
[Unit]
Description=Network address translation for the private subnets of an awsprov stack
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/sysctl -q -p /etc/sysctl.d/90-awsprov-nat.conf
ExecStart=/usr/sbin/nft -f /etc/awsprov-nat.nft
ExecStartPost=/bin/sh -c 'echo "awsprov-nat: ready" >/dev/console'

[Install]
WantedBy=multi-user.target
END

systemctl daemon-reload
systemctl enable -q awsprov-nat.service
systemctl restart awsprov-nat.service
report "ready"
