"""HTTP as this cloud speaks it: cheroot's server, with less of the interpreter and the kernel in each request.

Three things differ from cheroot's own, which together take a seventh off what a request to the HTTP front costs. The
buffers are those of `io`; cheroot takes the ones that are written in Python. An answer that fits into its buffer leaves
in one piece, not its head before its body. And a thread that has answered waits a moment for the client's next request
before it hands the connection back to the thread that watches all of them.
"""

import contextlib
import io
import select
import socket
from typing import Any

from cheroot import server, wsgi

from awsprov.local.cloud import HOST

_PATIENCE = 60  # seconds for a connected client to speak: on a busy machine its first word may take ten
_THREADS = 64  # more than the invocations that may wait: a function that calls the cloud must get through
_BUFFER = 1 << 16  # bytes; most requests and answers are smaller
_LINGER = 20  # milliseconds that a thread stays with a connection


def bind(port: int) -> wsgi.Server:
    """A server on this port of 127.0.0.1, or on any free one for 0; an OSError where it is taken."""
    address = (HOST, port or _free_port())
    http = wsgi.Server(
        address, None, numthreads=_THREADS, request_queue_size=128, shutdown_timeout=1, timeout=_PATIENCE
    )
    http.gateway = _Gateway
    http.ConnectionClass = _Connection
    http.nodelay = True
    http.prepare()
    return http


def _free_port() -> int:
    """Chosen before cheroot binds: for port 0 it leaves SO_REUSEADDR out, and a restart finds its port taken."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Raw(socket.SocketIO):
    """A socket that can be told that there is nothing to read."""

    silent = False

    def readinto(self, buffer: Any) -> int | None:
        return None if self.silent else super().readinto(buffer)


class _Reader(io.BufferedReader):
    raw: _Raw

    def has_data(self) -> bool:
        """Whether the buffer holds more of what the client has sent; never waits for it."""
        self.raw.silent = True
        try:
            return bool(self.peek())
        finally:
            self.raw.silent = False


def _file(connection: socket.socket, mode: str, size: int) -> _Reader | io.BufferedWriter:
    if "r" in mode:
        return _Reader(_Raw(connection, "rb"), size)
    return io.BufferedWriter(_Raw(connection, "wb"), size)


class _Request(server.HTTPRequest):
    """One request. What it writes is sent when a piece of it is whole, while cheroot still minds whether it can be."""

    def read_request_headers(self) -> Any:
        read = super().read_request_headers()  # type: ignore[no-untyped-call]
        self.conn.wfile.flush()  # a "100 Continue", without which the client would not go on
        return read

    def write(self, chunk: bytes) -> None:
        super().write(chunk)
        self.conn.wfile.flush()

    def respond(self) -> None:
        super().respond()
        self.conn.wfile.flush()  # a head without a body, the end of one in chunks

    def simple_response(self, status: str, msg: str = "") -> None:
        super().simple_response(status, msg)
        with contextlib.suppress(OSError):  # cheroot's own word on a bad request, to a client that is gone
            self.conn.wfile.flush()


class _Connection(server.HTTPConnection):
    RequestHandlerClass = _Request
    rbufsize = wbufsize = _BUFFER

    def __init__(self, http: Any, connection: socket.socket, _makefile: Any) -> None:
        super().__init__(http, connection, _file)
        self._arrivals = select.poll()
        self._arrivals.register(connection, select.POLLIN)

    def communicate(self) -> bool:
        """Answer one request after the other; True when the connection is to be watched for more of them."""
        while super().communicate():  # type: ignore[no-untyped-call]
            if not self._lingers():
                return True
        return False

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):  # what the client has not taken
            self.wfile.close()

    def _lingers(self) -> bool:
        """Whether there is a next request, and no other connection that waits for a thread."""
        waiting = self.server.requests.qsize
        return not waiting and (self.rfile.has_data() or bool(self._arrivals.poll(_LINGER)))


class _Gateway(wsgi.Gateway_10):
    """Hands the connection on, for faults to cut."""

    def get_environ(self) -> Any:
        return super().get_environ() | {"awsprov.connection": self.req.conn.socket}  # type: ignore[no-untyped-call]
