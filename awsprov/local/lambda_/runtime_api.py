"""The Lambda runtime API over HTTP: a worker's connections, read without blocking.

http.server would need a thread for every worker. Its two small writes for each response take 2 x 40 ms under Nagle's
algorithm. Here the event loop that waits for an invocation's outcome reads the sockets and writes once.

Any program of the machine, and any web page in its browser, can connect to the port. So each path begins with a secret
that only the worker has. A connection that sends anything else is closed without a response.
"""

import hmac
import re
import socket
from dataclasses import dataclass
from http import HTTPStatus

PREFIX = "/2018-06-01/runtime"
_CHUNK = 1 << 18  # bytes
_MAX_LINE = 1024  # bytes of a request line
_MAX_HEAD = 2 << 20  # bytes; awslambdaric sends up to 1 MB of X-Ray data in a header
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
_BROWSER = re.compile(rb"\r\n(origin|referer|sec-fetch-[a-z]+):", re.IGNORECASE)


@dataclass(frozen=True)
class RuntimeRequest:
    """One request of the runtime client.

    Arguments:
        method: GET or POST.
        path: without the secret.
        body: its content.
    """

    method: str
    path: str
    body: bytes


class Connection:
    """One keep-alive connection to the runtime API.

    Arguments:
        peer: the socket.
        secret: the first segment of each path.

    Attributes:
        trusted: whether it has sent the secret, so that the worker is at the other end.
    """

    def __init__(self, peer: socket.socket, secret: str) -> None:
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer, self.trusted = peer, False
        self._secret = secret.encode()
        self._received, self._unsent = bytearray(), b""
        self._method = self._path = ""  # of the request that is arriving, once its head is complete
        self._start = self._needed = 0  # bytes before its body, and of all of it

    def feed(self) -> bool:
        """Read what has arrived. Return False when the connection must be closed: by the worker, or as foreign."""
        try:
            chunk = self.peer.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._received += chunk
        return bool(chunk) and self._read_head()

    def next_request(self) -> RuntimeRequest | None:
        """Return the next complete request, or None."""
        if not self._received or not self._read_head() or not self._needed or len(self._received) < self._needed:
            return None
        body = bytes(self._received[self._start : self._needed])
        del self._received[: self._needed]
        self._needed = 0
        return RuntimeRequest(self._method, self._path, body)

    def _read_head(self) -> bool:
        """Read the head of a request once it is complete. Return whether it has the secret, or may have it later."""
        if self._needed or not self._received:
            return True
        end = self._received.find(b"\r\n\r\n", 0, _MAX_HEAD)
        head = bytes(self._received[: end + 2 if end >= 0 else _MAX_HEAD])
        line, ended, _ = head.partition(b"\r\n")
        if not ended or len(line) > _MAX_LINE:
            return len(line) <= _MAX_LINE
        words = line.split(b" ")
        segments = words[1].split(b"/", 2) if len(words) == 3 else []  # noqa: PLR2004 - method, target, version
        if len(segments) != 3 or not hmac.compare_digest(segments[1], self._secret):  # noqa: PLR2004 - "", secret, path
            return False
        if _BROWSER.search(head) or len(head) == _MAX_HEAD:
            return False
        self.trusted = True
        if end >= 0:
            length = _LENGTH.search(head)
            self._start = end + 4
            self._needed = self._start + int(length[1] if length else 0)
            self._method, self._path = words[0].decode("latin-1"), f"/{segments[2].decode('latin-1')}"
        return True

    def respond(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Write a response: nearly always all of it at once, in one system call; else `flush` continues."""
        head = [f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}", *[f"{name}: {value}" for name, value in headers.items()]]
        self._unsent += "\r\n".join([*head, "", ""]).encode() + body
        self.flush()

    def flush(self) -> None:
        """Write as much of the responses as the socket accepts now."""
        try:
            self._unsent = self._unsent[self.peer.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:  # the worker has closed the connection, which `feed` reports
            self._unsent = b""

    @property
    def blocked(self) -> bool:
        """Whether a part of a response waits until the worker reads."""
        return bool(self._unsent)

    def close(self) -> None:
        """Close the connection to the runtime."""
        self.peer.close()
