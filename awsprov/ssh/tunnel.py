"""Tunnels: TCP connections through EC2 Instance Connect endpoints, which carry them over WebSockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from awsprov.errors import AwsprovError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

TunnelUrl = Callable[[], str]  # returns a signed URL, which opens a tunnel within the next minute
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_OPENING = 20.0  # seconds for the handshake
_CHUNK = 32 * 1024  # bytes that are sent in one message


def open_tunnel(url: str) -> socket.socket:
    """Return a socket that is connected to the machine at the other end of a tunnel.

    Raises:
        OSError: there is no connection, or the machine does not answer yet.
        AwsprovError: AWS refused the tunnel.
    """
    near, far = socket.socketpair()
    try:
        _carry(_connect(url), far)
    except BaseException:
        near.close()
        far.close()
        raise
    return near


@contextmanager
def forwarded_port(tunnel: TunnelUrl) -> Iterator[int]:
    """Yield a TCP port of 127.0.0.1; each connection to it goes through a tunnel of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_forward, args=(listener, tunnel), name="forward", daemon=True).start()
        yield listener.getsockname()[1]
        with suppress(OSError):  # macOS refuses it, and does not need it
            listener.shutdown(socket.SHUT_RDWR)  # ends `accept`


def _forward(listener: socket.socket, tunnel: TunnelUrl) -> None:
    with suppress(OSError):
        while True:
            near, _ = listener.accept()
            try:
                _carry(_connect(tunnel()), near)
            except (OSError, AwsprovError):
                near.close()  # ssh reports it


def _connect(url: str) -> "ClientConnection":
    """Connect to an endpoint. SSH has keepalive messages of its own, so that WebSocket pings are not needed.

    Raises: see `open_tunnel`.
    """
    from websockets.exceptions import InvalidStatus, WebSocketException  # only for endpoints
    from websockets.sync.client import connect

    proxy: Literal[True] | None = None if url.startswith("ws:") else True  # `ws:` is an endpoint on this machine
    try:
        return connect(url, compression=None, open_timeout=_OPENING, ping_interval=None, proxy=proxy)
    except InvalidStatus as error:
        status, body = error.response.status_code, (error.response.body or b"").decode(errors="replace").strip()
        if status in _REFUSED:
            raise _refused(body or str(error)) from error
        raise OSError(str(error)) from error
    except WebSocketException as error:
        raise OSError(str(error)) from error
    except ImportError as error:  # of a client for SOCKS proxies
        raise AwsprovError(
            "The EC2 Instance Connect endpoint (`builder.via`) cannot be reached through a SOCKS proxy.",
            why=str(error),
            remedy="Set HTTPS_PROXY to an HTTP proxy, or add `.amazonaws.com` to NO_PROXY.",
        ) from error


def _refused(why: str) -> AwsprovError:
    return AwsprovError(
        "The EC2 Instance Connect endpoint (`builder.via`) refused the tunnel to the builder.",
        why=why,
        remedy="The credentials need ec2-instance-connect:OpenTunnel on it, as `awsprov policy` prints.",
    )


def _carry(connection: "ClientConnection", far: socket.socket) -> None:
    """Copy between a WebSocket and a socket, in the background, until either of them ends; then close both."""
    for copy in (_send, _receive):
        threading.Thread(target=copy, args=(connection, far), name=f"tunnel{copy.__name__}", daemon=True).start()


def _send(connection: "ClientConnection", far: socket.socket) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(OSError, ConnectionClosed), connection:
        while data := far.recv(_CHUNK):
            connection.send(data)


def _receive(connection: "ClientConnection", far: socket.socket) -> None:
    from websockets.exceptions import ConnectionClosed

    with far:
        with suppress(OSError, ConnectionClosed):
            for message in connection:
                far.sendall(message)  # type: ignore[arg-type]  # an endpoint sends bytes
        with suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)  # ends `_send`, which waits for data
