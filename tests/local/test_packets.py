"""What is read of packets that leave a function's network, and how lookups there are answered."""

import ipaddress
import socket
import struct

import pytest

from awsprov.local.lambda_.packets import destination, resolver_response

SYN, SYN_ACK, DATA = 0x02, 0x12, 0x10


def tcp(port: int, flags: int = SYN, sequence: int = 7) -> bytes:
    return struct.pack("!HHIIBBHHH", 40000, port, sequence, 0, 5 << 4, flags, 64, 0, 0)


def ipv4(host: str, protocol: int, body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    return head + socket.inet_aton("198.18.0.1") + socket.inet_aton(host) + body


def ipv6(host: str, protocol: int, body: bytes) -> bytes:
    head = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64)
    return head + bytes(16) + ipaddress.IPv6Address(host).packed + body


def test_a_packet_that_opens_a_connection_has_a_destination() -> None:
    found = destination(ipv4("203.0.113.9", 6, tcp(6379)))
    assert found
    assert (found.protocol, found.host, found.port) == ("tcp", "203.0.113.9", 6379)
    found = destination(ipv6("2001:db8::1", 6, tcp(443)))
    assert found
    assert (found.protocol, found.host, found.port) == ("tcp", "2001:db8::1", 443)


def test_a_packet_that_is_sent_again_has_the_same_identity() -> None:
    first, again, other = (destination(ipv4("203.0.113.9", 6, tcp(443, sequence=n))) for n in (7, 7, 8))
    assert first
    assert other
    assert first == again
    assert first.identity != other.identity


def test_each_packet_of_udp_has_a_destination() -> None:
    found = destination(ipv4("203.0.113.9", 17, struct.pack("!HHHH", 40000, 8125, 9, 0) + b"x"))
    assert found
    assert (found.protocol, found.port, found.identity) == ("udp", 8125, b"")


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45",
        ipv4("203.0.113.9", 6, tcp(443, SYN_ACK)),
        ipv4("203.0.113.9", 6, tcp(443, DATA)),
        ipv4("203.0.113.9", 6, tcp(443)[:6]),
        ipv4("203.0.113.9", 1, bytes(8)),
        ipv6("ff02::2", 58, bytes(8)),
        bytes(60),
    ],
    ids=["empty", "cut", "answer", "data", "cut tcp", "icmp", "icmp of v6", "no version"],
)
def test_other_packets_have_none(packet: bytes) -> None:
    assert destination(packet) is None


def query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def test_a_name_has_the_address_that_it_is_given() -> None:
    response = resolver_response(query("API.example.com"), {"api.example.com": "198.18.1.5"}.__getitem__)
    assert response[:2] == b"\x12\x34"
    assert struct.unpack_from("!HH", response, 4) == (1, 1)
    assert response.endswith(struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton("198.18.1.5"))


def test_a_name_has_no_address_of_ipv6() -> None:
    response = resolver_response(query("api.example.com", kind=28), lambda _: "198.18.1.5")
    assert struct.unpack_from("!HHH", response, 2) == (0x8180, 1, 0)


@pytest.mark.parametrize("message", [b"", bytes(11), bytes(12), query("a")[:14], query("a")[:12] + b"\xc0\x0c\0\1\0\1"])
def test_what_is_no_query_gets_no_response(message: bytes) -> None:
    assert resolver_response(message, lambda _: "198.18.1.5") == b""
