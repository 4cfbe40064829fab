"""Packets that leave a worker's network, and DNS messages: what is read of them, and the responses to lookups."""

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass

_PROTOCOLS = {6: "tcp", 17: "udp"}
_V4, _V6 = 4, 6
_V4_HEAD, _V6_HEAD = 20, 40  # bytes, at least
_SYN, _ACK = 0x02, 0x10
_DNS_HEAD = struct.Struct("!HHHHHH")
_ADDRESS, _INTERNET = 1, 1  # a record of type A, of class IN
_RESPONSE = 0x8180  # recursion is desired and available, no error
_LENGTHS = 64  # a larger one is a pointer, which a question does not have


@dataclass(frozen=True)
class Destination:
    """Where a packet goes.

    Arguments:
        protocol: `tcp` or `udp`.
        host: the address.
        port: the port.
        identity: what is the same when the packet is sent again; empty if that cannot be known.
    """

    protocol: str
    host: str
    port: int
    identity: bytes


def destination(packet: bytes) -> Destination | None:
    """Return where an IP packet goes; None unless it is one of UDP or opens a connection of TCP."""
    version = packet[0] >> 4 if len(packet) >= _V4_HEAD else 0
    if version == _V4:
        head, protocol, host = (packet[0] & 0xF) * 4, packet[9], str(ipaddress.IPv4Address(packet[16:20]))
    elif version == _V6 and len(packet) >= _V6_HEAD:
        head, protocol, host = _V6_HEAD, packet[6], str(ipaddress.IPv6Address(packet[24:40]))
    else:
        return None
    name, rest = _PROTOCOLS.get(protocol, ""), packet[head:]
    if not name or len(rest) < 8:  # noqa: PLR2004 - the head of UDP
        return None
    (port,) = struct.unpack_from("!H", rest, 2)
    if name == "udp":
        return Destination(name, host, port, b"")
    opens = len(rest) >= 14 and rest[13] & (_SYN | _ACK) == _SYN  # noqa: PLR2004 - with the flags
    return Destination(name, host, port, host.encode() + rest[:8]) if opens else None


def resolver_response(query: bytes, address_of: Callable[[str], str]) -> bytes:
    """Return the response to a DNS query: the IPv4 address of a name, and no other records. Empty if it is no query.

    Arguments:
        query: the message.
        address_of: returns the address of a name.
    """
    try:
        number, _, questions, *_ = _DNS_HEAD.unpack_from(query)
        name, end = _name(query, _DNS_HEAD.size)
        kind, class_ = struct.unpack_from("!HH", query, end)
    except (struct.error, IndexError):
        return b""
    if not questions:
        return b""
    address = address_of(name)
    answered = (kind, class_) == (_ADDRESS, _INTERNET)
    response = _DNS_HEAD.pack(number, _RESPONSE, 1, int(answered), 0, 0) + query[_DNS_HEAD.size : end + 4]
    if answered:  # the name is a pointer to that in the question; the record is valid for no time
        response += struct.pack("!HHHIH", 0xC00C, kind, class_, 0, 4) + ipaddress.IPv4Address(address).packed
    return response


def _name(message: bytes, start: int) -> tuple[str, int]:
    """Return the name at a position of a message, and the position after it."""
    labels = []
    while length := message[start]:
        if length >= _LENGTHS:
            raise IndexError(start)
        labels.append(message[start + 1 : start + 1 + length].decode("latin-1"))
        start += 1 + length
    return ".".join(labels).lower(), start + 1
