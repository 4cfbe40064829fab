"""Anything that a client sends to the local cloud's HTTP server: it gets a response or a closed connection."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import cache

import pytest

from tests.fuzz.budget import fuzz, mutated
from tests.local.daemon.test_http import Connect, request, serving

WORDS = [
    *[b"\r\n", b"\n", b"\r", b"\0", b": ", b" ", b"HTTP/9.9", b"GET", b"//", b"%00", b"..", b"-1", b"9" * 11, b"\xff"],
    *[b"Transfer-Encoding: chunked\r\n", b"Content-Length: 1\r\n", b"Expect: 100-continue\r\n", b"Host: a\r\n"],
    b"x" * 20_000,
]


_open = ExitStack()


@pytest.fixture(scope="module", autouse=True)
def closed_at_the_end() -> Iterator[None]:
    """Stop the server: a process does not end while its threads run."""
    with _open:
        yield


@cache
def server() -> Connect:
    """A server for all examples."""
    return _open.enter_context(serving(8))


def exchange(content: bytes) -> bytes:
    """Return all that the server sends."""
    received = bytearray()
    with server()() as connection:
        with suppress(OSError):  # it was closed before all was sent
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while chunk := connection.recv(1 << 16):
                received += chunk
    return bytes(received)


@fuzz(mutated(request("/one", b"abc"), WORDS))
def test_the_head_of_a_request(content: bytes) -> None:
    response = exchange(content)
    # Two errors of a server are a client's: a transfer coding (RFC 9112, 6.1) or version (RFC 9110, 15.6.6) it lacks.
    assert not response or re.match(rb"HTTP/1\.[01] ([1234]\d\d|501|505) ", response), response
    assert exchange(request("/one", b"abc")).endswith(b"/oneabc")
