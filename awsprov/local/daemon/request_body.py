"""Reads the body of a request within a limit, before an application does."""

import io
from wsgiref.types import WSGIEnvironment

from cheroot.errors import MaxSizeExceeded

MAX_HEADERS = 100
_SHORT = 64 << 10  # bytes
_ILLEGAL = "The length of the body is malformed, or is not that of the body."


class RequestError(Exception):
    """A request that is refused for its form: the status of the response, and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def check_head(environ: WSGIEnvironment) -> None:
    """Check what is known before the body is read. cheroot limits the size of a head, but not the number of headers.

    Raises:
        RequestError: there are too many headers, or Content-Length is not a number, or negative.
    """
    if len(environ["awsprov.headers"]) > MAX_HEADERS:
        raise RequestError(431, f"A request may have {MAX_HEADERS} headers.")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):  # cheroot would read until the client closes the connection
        raise RequestError(400, _ILLEGAL)


def drop(environ: WSGIEnvironment) -> None:
    """Leave the body of a refused request unread, unless it is so short that the client may still be sending it."""
    length = environ.get("CONTENT_LENGTH") or "0"
    short = length.isascii() and length.isdigit() and int(length) <= _SHORT
    if not short or "HTTP_TRANSFER_ENCODING" in environ:
        environ.get("awsprov.close", lambda: None)()


def read(environ: WSGIEnvironment, limit: int) -> None:
    """Read the body into memory, no more than one byte above the limit, where an application can read it again.

    Raises:
        RequestError: the encoding of a chunked body is malformed, the body is too large for cheroot, or the client has
            closed the connection before the end of it.
        TimeoutError: the client sends nothing for too long.
    """
    length = environ.get("CONTENT_LENGTH")
    size = min(int(length), limit + 1) if length else limit + 1
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    try:
        body: bytes = environ["wsgi.input"].read(size) if length or chunked else b""
    except TimeoutError:
        raise
    except (MaxSizeExceeded, OSError) as error:
        raise RequestError(413, "The body is too large.") from error
    except ValueError as error:
        raise RequestError(400, _ILLEGAL) from error
    if length and not chunked and len(body) < size:
        raise RequestError(400, _ILLEGAL)
    environ.get("awsprov.received", lambda: None)()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body)) if length or chunked else ""
