"""The files through which cheroot reads the requests of a client, and writes its responses."""

import io
import socket
from typing import Any

_PIECE = 64 << 10  # bytes of a response that are sent at once, its head among them


class _ClientSocket(socket.SocketIO):
    """A client's socket for reading. While it is paused, it has nothing to read."""

    paused = False

    def readinto(self, buffer: Any) -> int | None:
        return None if self.paused else super().readinto(buffer)


class _RequestReader(io.BufferedReader):
    """Reads requests through the standard library's buffer in C. cheroot has one in Python, which takes longer."""

    def __init__(self, client: socket.socket) -> None:
        self._socket = _ClientSocket(client, "rb")
        super().__init__(self._socket)

    def has_data(self) -> bool:
        """Return whether a part of the next request is in the buffer already."""
        self._socket.paused = True  # or `peek` would wait for the client
        try:
            return bool(self.peek())
        finally:
            self._socket.paused = False


def client_file(client: socket.socket, mode: str, _: int) -> Any:
    """Return the file through which cheroot reads requests (mode `rb`) or writes responses (`wb`)."""
    return _RequestReader(client) if mode == "rb" else io.BufferedWriter(socket.SocketIO(client, "wb"), _PIECE)
