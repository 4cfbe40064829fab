"""The HTTP server of the local cloud: cheroot's, with enough threads and time for functions that call the cloud."""

import socket
from contextlib import suppress
from typing import Any

from cheroot import wsgi
from cheroot.server import HTTPConnection

from awsprov.local.cloud import HOST

_THREADS = 64  # more than the invocations that may wait: a function that calls the cloud needs a thread, too
_TIMEOUT = 60  # seconds without a byte from or to a client; on a busy machine its first request may take ten
_CONNECTIONS = 128  # that wait to be accepted, and that are kept open between requests


def bind(port: int) -> wsgi.Server:
    """Return a server that is bound to a port of 127.0.0.1 and has no application yet.

    Arguments:
        port: the TCP port; 0 for any free one.

    Raises:
        OSError: the port is in use.
    """
    address = (HOST, port or _free_port())
    http = wsgi.Server(
        address, None, numthreads=_THREADS, request_queue_size=_CONNECTIONS, timeout=_TIMEOUT, shutdown_timeout=1
    )
    http.keep_alive_conn_limit = _CONNECTIONS
    http.ConnectionClass = _Connection
    http.gateway = _Gateway
    http.prepare()
    return http


def _free_port() -> int:
    """Return a free port. For port 0 cheroot does not set SO_REUSEADDR, and a restart would find its port in use."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class _Connection(HTTPConnection):
    """Drops what a client that hung up did not receive: since Python 3.13 it is reported when it is collected."""

    def close(self) -> None:
        super().close()
        with suppress(OSError):
            self.wfile.close()


class _Gateway(wsgi.Gateway_10):
    """Puts the client's socket into the environment, where a fault can close it."""

    def get_environ(self) -> Any:
        return super().get_environ() | {"awsprov.connection": self.req.conn.socket}  # type: ignore[no-untyped-call]
