"""The Lambda runtime API's side of HTTP: one worker's connections, read without ever waiting for one of them.

http.server would need a thread for every worker, and its two small writes an answer cost 2 x 40 ms under Nagle's
algorithm. Here the thread that waits for an invocation's outcome reads the sockets itself and writes once.
"""

import contextlib
import re
import socket
from dataclasses import dataclass
from http import HTTPStatus

PREFIX = "/2018-06-01/runtime"
_CHUNK = 1 << 18
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)  # the one header that counts here


@dataclass(frozen=True)
class Call:
    """One request of the runtime client."""

    path: str
    body: bytes


class Connection:
    """One kept-alive connection from a worker."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = peer
        self._received = bytearray()
        self._needed = 0  # bytes of the request that is arriving, once its head is here

    def feed(self) -> bool:
        """Take what has arrived; False when the worker has hung up."""
        try:
            chunk = self.peer.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += chunk
        return bool(chunk)

    def call(self) -> Call | None:
        """The next whole request, if there is one."""
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
        return Call(path, body)

    def answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes, patience: float) -> None:
        """Write an answer; a worker that does not take it within `patience` seconds counts as hung up."""
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        left = head.encode() + b"\r\n" + body
        with contextlib.suppress(BlockingIOError):
            left = left[self.peer.send(left) :]  # as good as always all of it, in one system call
        if left:
            self.peer.settimeout(max(patience, 0.001))
            try:
                self.peer.sendall(left)
            finally:
                self.peer.setblocking(False)

    def close(self) -> None:
        """Hang up."""
        self.peer.close()
