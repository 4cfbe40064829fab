"""A program that starts another one where nothing of the internet answers. Linux and the standard library only.

It enters a user, a mount and a network namespace of its own, which needs no privileges, and sends the sockets that it
opens there to its parent: the parent can use them from outside. Then it becomes the other program, which keeps its
process id and its user.

The only interface of the network is `lo`. All packets to other hosts go there, too: those of IPv4 are dropped, as in a
subnet without a route to the internet, those of IPv6 refused. Names are looked up at 127.0.0.1 and nowhere else.

    python -I -S namespace.py SOCKET ENDPOINT-PORT RUNTIME-PORT PROGRAM [ARGUMENT ...]
"""

import contextlib
import ctypes
import os
import socket
import struct
import sys
import tempfile

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000  # sched.h
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000  # sys/mount.h
_NEWLINK, _NEWADDR, _NEWROUTE = 16, 20, 24  # linux/rtnetlink.h
_REQUEST, _ACK, _CREATE = 0x1, 0x4, 0x400  # flags of netlink messages
_UP = 1  # IFF_UP
_UNIVERSE, _LINK = 0, 253  # scopes
_UNICAST, _LOCAL = 1, 2  # types of routes
_MAIN_TABLE, _STATIC = 254, 4
_DESTINATION_IS, _LOCAL_IS, _DEVICE_IS, _SOURCE_IS = 1, 2, 4, 7  # attributes of addresses and routes
_ALL_PROTOCOLS = 3  # ETH_P_ALL
_OWN_ADDRESS = "198.18.0.1"  # of the range for benchmarks (RFC 2544), which no host has
_DNS = 53
# Lookups must come to the resolver here. A service of the machine would answer them through a socket file.
_FILES = {"/etc/resolv.conf": "nameserver 127.0.0.1\n", "/etc/nsswitch.conf": "hosts: files dns\n"}
_SERVICES = ("/var/run/nscd",)
# A BPF program (linux/filter.h) that accepts the packets which leave for another host, so that what the function and
# the cloud send each other fills no buffer.
_FILTER = (
    (0x30, 0, 0, 0xFFFFF004),  # load the packet's type: SKF_AD_OFF + SKF_AD_PKTTYPE
    (0x15, 0, 8, 4),  # PACKET_OUTGOING, or drop it
    (0x30, 0, 0, 0),  # load the version
    (0x54, 0, 0, 0xF0),
    (0x15, 0, 2, 0x40),  # IPv4, or skip two
    (0x30, 0, 0, 16),  # load the first byte of the destination
    (0x15, 3, 2, 127),  # 127.0.0.0/8: drop it
    (0x20, 0, 0, 24),  # load the first four bytes of the destination of IPv6
    (0x15, 1, 0, 0),  # ::1: drop it
    (0x06, 0, 0, 256),  # accept it, with its head
    (0x06, 0, 0, 0),  # drop it
)


def _enter() -> None:
    user, group = os.getuid(), os.getgid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib would double this program's start
            file.write(text)


def _mount() -> None:
    """Let all lookups be made at 127.0.0.1."""
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    for path, text in _FILES.items():
        if not os.path.exists(path):  # noqa: PTH110 - as above
            continue
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            os.chmod(file.name, 0o444)  # noqa: PTH101 - as above
            _call("mount", file.name.encode(), path.encode(), None, _MS_BIND, None)
    for path in filter(os.path.isdir, _SERVICES):
        _call("mount", b"tmpfs", path.encode(), b"tmpfs", 0, None)


def _connect() -> None:
    """Bring `lo` up, and send the packets to all hosts there."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink:
        lo, own = socket.if_nametoindex("lo"), socket.inet_aton(_OWN_ADDRESS)
        device = _attribute(_DEVICE_IS, struct.pack("=I", lo))
        _request(netlink, _NEWLINK, struct.pack("=BxHiII", 0, 0, lo, _UP, _UP))
        address = _attribute(_LOCAL_IS, own) + _attribute(_DESTINATION_IS, own)
        _request(netlink, _NEWADDR, struct.pack("=BBBBI", socket.AF_INET, 32, 0, _UNIVERSE, lo) + address)
        route = _route(socket.AF_INET, _LINK, _UNICAST) + device + _attribute(_SOURCE_IS, own)
        _request(netlink, _NEWROUTE, route)
        with contextlib.suppress(OSError):  # a kernel without IPv6
            _request(netlink, _NEWROUTE, _route(socket.AF_INET6, _UNIVERSE, _LOCAL) + device)


def _route(family: int, scope: int, kind: int) -> bytes:
    return struct.pack("=BBBBBBBBI", family, 0, 0, 0, _MAIN_TABLE, _STATIC, scope, kind, 0)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value


def _request(netlink: socket.socket, kind: int, body: bytes) -> None:
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | _ACK | _CREATE, 1, 0) + body)
    (error,) = struct.unpack_from("=i", netlink.recv(1 << 16), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


def _sockets(*ports: int) -> list[socket.socket]:
    """Return a socket that receives what leaves, the resolver's, and a listener on each port of 127.0.0.1."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in _FILTER))
    attached = struct.pack("HP", len(_FILTER), ctypes.addressof(program))
    packets.setsockopt(socket.SOL_SOCKET, 26, attached)  # SO_ATTACH_FILTER
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(("127.0.0.1", _DNS))
    return [packets, resolver, *(socket.create_server(("127.0.0.1", port), backlog=128) for port in ports)]


def _call(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def main(descriptor: str, endpoint: str, runtime: str, *command: str) -> None:
    """Enter the namespaces, send the sockets, and become the program."""
    with socket.socket(fileno=int(descriptor)) as parent:
        try:
            _enter()
            _mount()
            _connect()
            sockets = _sockets(int(endpoint), int(runtime))
        except OSError as error:
            parent.send(str(error).encode())
            sys.exit(1)
        socket.send_fds(parent, [b"ready"], [each.fileno() for each in sockets])
        for each in sockets:
            each.close()
    os.execv(command[0], command)  # noqa: S606 - without a shell on purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
