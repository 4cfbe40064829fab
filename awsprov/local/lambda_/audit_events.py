"""Records where a function's Python code connects, by Python's audit events.

This file runs in the worker's process before the handler, beside user code, so it imports the standard library only.
Compiled code that opens connections by itself has no audit events.
"""

import _socket
import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable
from typing import Any

_descriptor = int(os.environ.pop("_LOCAL_EVENTS"))
_refuses = os.environ.pop("_LOCAL_REFUSES", "") == "yes"
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname")
_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_names: dict[str, str] = {}  # that were looked up, by address


def _write(*event: object) -> None:
    with contextlib.suppress(OSError):  # the handler may close all descriptors
        os.write(_descriptor, f"{json.dumps(event)}\n".encode())


def _text(host: object) -> str:
    return host.decode("latin-1") if isinstance(host, bytes) else str(host)


def _record(event: str, arguments: tuple[Any, ...]) -> None:
    """Write an event of the process that concerns its connections. An audit hook: it is called for all events."""
    if event in _LOOKUPS:
        if arguments[0]:
            _write("lookup", _text(arguments[0]))
    elif event in _CONNECTIONS:
        _record_connection(arguments[0], arguments[1])
    elif event == "import" and arguments[1]:  # a compiled module
        _write("library", _text(arguments[1]))
    elif event == "ctypes.dlopen" and arguments[0]:
        _write("library", _text(arguments[0]))


def _record_connection(connection: Any, address: object) -> None:
    if not isinstance(address, tuple) or len(address) < 2:  # noqa: PLR2004 - a path is that of a socket file
        return
    host, port = _text(address[0]), address[1]
    protocol = "tcp" if connection.type == _socket.SOCK_STREAM else "udp"
    _write(protocol, _names.get(host, host), port)
    if _refuses and not host.startswith("127.") and host not in ("::1", "localhost"):
        raise TimeoutError(errno.ETIMEDOUT, f"{host} does not answer: only the local cloud does")


def _with_names(plain: "Callable[..., Any]") -> "Callable[..., Any]":
    """Return getaddrinfo so that the name of each address that it returns is known."""

    def getaddrinfo(host: object, *arguments: Any, **options: Any) -> Any:
        found = plain(host, *arguments, **options)
        _names.update({each[4][0]: _text(host) for each in found if host})
        return found

    return getaddrinfo


os.set_inheritable(_descriptor, False)
_socket.getaddrinfo = _with_names(_socket.getaddrinfo)
sys.addaudithook(_record)
