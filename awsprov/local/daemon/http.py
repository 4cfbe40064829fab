"""The HTTP server of the control plane: cheroot's, with enough threads and time for functions that call the cloud.

cheroot limits the size of heads and bodies. It has no deadline for a whole request: its timeout starts again with each
byte. So incomplete requests are watched here, and those that take all threads are closed.
"""

import contextlib
import operator
import socket
import threading
import time
from typing import Any

from cheroot import server, wsgi
from cheroot.server import ChunkedRFile, HeaderReader, HTTPConnection, HTTPRequest, SizeCheckWrapper

from awsprov.local.cloud import HOST
from awsprov.local.daemon import client_files

_THREADS = 64  # more than the invocations that may wait: a function that calls the cloud needs a thread, too
_TIMEOUT = 60  # seconds without a byte from or to a client; on a busy machine its first request may take ten
_CONNECTIONS = 128  # that wait to be accepted, and that are kept open between requests
MAX_HEAD = 64 << 10  # bytes of a request line with its headers; API Gateway accepts 10 KB of headers
_BODY = 160 << 20  # bytes; what is smaller is limited by the request guard

_DEADLINE = 60.0  # seconds for a whole request
_CROWD = 3 / 4  # of the threads: if more wait for requests,
_GRACE = 3.0  # those that wait for more seconds than this are closed
_POLL = 0.5  # seconds

_JOINED: list[bytes] = vars(server)["comma_separated_headers"]  # its stubs lack it


def bind(port: int) -> wsgi.Server:
    """Return a server that is bound to a port of 127.0.0.1 and has no application yet.

    Arguments:
        port: the TCP port; 0 for any free one.

    Raises:
        OSError: the port is in use.
    """
    http = _WatchedServer((HOST, port or _free_port()))
    http.prepare()
    return http


def _free_port() -> int:
    """Return a free port. For port 0 cheroot does not set SO_REUSEADDR, and a restart would find its port in use."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Headers(dict[bytes, bytes]):
    """The headers of a request, for cheroot: it keeps the last value of a repeated header, `all` has every one.

    cheroot gives the names in title case.
    """

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, str]] = []

    def __setitem__(self, name: bytes, value: bytes) -> None:
        joins = name in self and name in _JOINED  # then cheroot puts the values before in front
        own = value.removeprefix(self[name] + b", ") if joins else value
        self.all.append((name.decode("latin-1"), own.decode("latin-1")))
        super().__setitem__(name, value)


class _HeaderReader(HeaderReader):
    """Reads headers. cheroot has no name for a first line that continues a header, which is the client's error."""

    def __call__(self, rfile: Any, hdict: Any = None) -> Any:
        try:
            return super().__call__(rfile, hdict)
        except UnboundLocalError as error:
            raise ValueError("Illegal continuation line.") from error  # cheroot answers 400


class _MalformedBodyError(Exception):
    """A chunked body ends early, or a chunk has no valid size."""


class _ChunkedBody(ChunkedRFile):
    """The body of a chunked request."""

    def _fetch(self) -> None:
        try:
            super()._fetch()  # type: ignore[misc]  # its stubs lack it
        except ValueError as error:
            raise _MalformedBodyError(str(error)) from error


class _ClientRequest(HTTPRequest):
    """A request whose repeated headers are all known, and whose malformed body is the client's error.

    The response to HEAD has no body, whatever responds (RFC 9110, section 9.3.2).
    """

    header_reader = _HeaderReader()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inheaders = _Headers()

    def read_request_headers(self) -> Any:
        try:
            return super().read_request_headers()  # type: ignore[no-untyped-call]
        finally:
            self.conn.wfile.flush()  # the client waits for `100 Continue` before it sends the body

    def respond(self) -> None:
        try:
            super().respond()
        except _MalformedBodyError as error:
            self.close_connection = True
            if not self.sent_headers:
                self.simple_response("400 Bad Request", str(error))
        self.conn.wfile.flush()

    def simple_response(self, status: str, msg: str = "") -> None:
        super().simple_response(status, "" if self._is_head else msg)
        self.conn.wfile.flush()

    def write(self, chunk: bytes) -> None:
        if not self._is_head:
            super().write(chunk)
        self.conn.wfile.flush()

    @property
    def _is_head(self) -> bool:
        return bool(getattr(self, "method", b"") == b"HEAD")  # there is none before the first line was read


class _WatchedConnection(HTTPConnection):
    """A connection whose incomplete request is watched. The head of a response is sent together with its body.

    cheroot sends the head first. smithy-go, on which Terraform's AWS provider is based, closes a request's body when
    the head of the response arrives. If the goroutine that sent the body has not returned by then, net/http takes this
    for a failed write and closes the connection. What has not arrived is lost, and the call, which was carried out, is
    repeated (aws-sdk-go-v2 issue 2737).
    """

    RequestHandlerClass = _ClientRequest
    server: "_WatchedServer"

    def __init__(self, server: "_WatchedServer", client: socket.socket, *_: Any) -> None:
        super().__init__(server, client, client_files.client_file)

    def communicate(self) -> bool:
        self.server.incomplete[self] = time.monotonic()
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self.received()

    def received(self) -> None:
        """Record that the request is complete."""
        self.server.incomplete.pop(self, None)

    def close(self) -> None:
        """Drop what a client that hung up did not receive: since Python 3.13 it is reported when it is collected."""
        super().close()
        with contextlib.suppress(OSError):
            self.wfile.close()

    def abort(self) -> None:
        """Close the connection under the thread that reads from it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class _Gateway(wsgi.Gateway_10):
    """Gives applications the client's socket, where a fault can close it, and two functions.

    `awsprov.headers` has all headers, with their names in title case. Of those that were sent several times, WSGI has
    only the last.
    `awsprov.received` records that the body was read. After `awsprov.close` the connection is closed with the response:
    otherwise cheroot would first read the rest of the body.
    """

    def get_environ(self) -> Any:
        request = self.req
        if request.chunked_read:  # cheroot reads the line before each chunk without a limit
            request.rfile = _ChunkedBody(SizeCheckWrapper(request.conn.rfile, _BODY), _BODY)
        elif request.inheaders.get(b"Content-Length", b"0") == b"0":
            request.conn.received()
        environ = super().get_environ()  # type: ignore[no-untyped-call]
        environ["awsprov.headers"] = request.inheaders.all
        environ["awsprov.connection"] = request.conn.socket
        environ["awsprov.received"] = request.conn.received
        environ["awsprov.close"] = lambda: setattr(request, "close_connection", True)
        return environ


class _WatchedServer(wsgi.Server):
    """A server that closes connections whose requests do not become complete."""

    ConnectionClass = _WatchedConnection
    max_request_header_size = MAX_HEAD
    max_request_body_size = _BODY
    keep_alive_conn_limit = _CONNECTIONS

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(
            address, None, numthreads=_THREADS, request_queue_size=_CONNECTIONS, timeout=_TIMEOUT, shutdown_timeout=1
        )
        self.gateway = _Gateway
        self.incomplete: dict[_WatchedConnection, float] = {}  # since when they wait, on the monotonic clock
        self._crowd = int(_THREADS * _CROWD)
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, name="incomplete-requests", daemon=True).start()

    def stop(self) -> None:
        """Stop serving new requests."""
        self._stopped.set()
        super().stop()

    def _watch(self) -> None:
        while not self._stopped.wait(_POLL):
            clock = time.monotonic()
            waiting = list(self.incomplete.items())
            waiting.sort(key=operator.itemgetter(1))
            for number, (connection, since) in enumerate(waiting):
                crowded = len(waiting) - number > self._crowd
                if clock - since > (_GRACE if crowded else _DEADLINE):
                    connection.abort()
