"""The Lambda runtime API over HTTP: a worker's connections, read without blocking.

http.server would need a thread for every worker. Its two small writes for each response take 2 x 40 ms under Nagle's
algorithm. Here the thread that waits for an invocation's outcome reads the sockets itself and writes once.
"""

import contextlib
import re
import socket
from dataclasses import dataclass
from http import HTTPStatus

PREFIX = "/2018-06-01/runtime"
_CHUNK = 1 << 18  # bytes
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)  # the only header that matters here


@dataclass(frozen=True)
class RuntimeRequest:
    """One request of the runtime client."""

    path: str
    body: bytes


class Connection:
    """One keep-alive connection from a worker."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = peer
        self._received = bytearray()
        self._needed = 0  # bytes of the request that is arriving, once its header is complete

    def feed(self) -> bool:
        """Read what has arrived; return False when the worker has closed the connection."""
        try:
            chunk = self.peer.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += chunk
        return bool(chunk)

    def next_request(self) -> RuntimeRequest | None:
        """Return the next complete request, or None."""
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4 or len(self._received) < self._needed:  # noqa: PLR2004 - no blank line yet
            return None
        head = bytes(self._received[:end])
        length = _LENGTH.search(head)
        self._needed = end + int(length[1] if length else 0)
        if len(self._received) < self._needed:
            return None
        body = bytes(self._received[end : self._needed])
        del self._received[: self._needed]
        self._needed = 0
        _, path, _ = head.decode("latin-1").split(" ", 2)
        return RuntimeRequest(path, body)

    def respond(self, status: HTTPStatus, headers: dict[str, str], body: bytes, timeout: float) -> None:
        """Write a response.

        Raises:
            OSError: the worker does not read it within `timeout` seconds, or has closed the connection.
        """
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        rest = head.encode() + b"\r\n" + body
        with contextlib.suppress(BlockingIOError):
            rest = rest[self.peer.send(rest) :]  # nearly always all of it, in one system call
        if rest:
            self.peer.settimeout(max(timeout, 0.001))
            try:
                self.peer.sendall(rest)
            finally:
                self.peer.setblocking(False)

    def close(self) -> None:
        """Close the connection."""
        self.peer.close()
