"""A request to an API and the answer to it, apart from how WSGI spells them."""

import json
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

BODY_LIMIT = 10 * 1024 * 1024


@dataclass
class Request:
    """One request, as it was sent.

    Arguments:
        path: percent-encoded, whole.
        headers: by name in Title-Case, the way most clients send them; WSGI does not keep the original.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str
    protocol: str
    too_long: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: float = field(default_factory=time.time)

    @cached_property
    def lower(self) -> dict[str, str]:
        """The headers by lower-case name."""
        return {name.lower(): value for name, value in self.headers.items()}

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The query's parameters, each with all its values."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    @property
    def written_time(self) -> str:
        """When it came, as Apache's logs and API Gateway write it."""
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.time))

    @property
    def extended_id(self) -> str:
        """An id of the form that API Gateway adds."""
        return f"{self.id.replace('-', '')[:15]}="


@dataclass
class Response:
    """The answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    error: str = ""  # for the access log

    @property
    def line(self) -> str:
        """The status as WSGI wants it."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Status"


class RefusedRequestError(Exception):
    """The gateway answers by itself, with AWS's status, message and error type."""

    def __init__(self, status: int, message: str, kind: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.headers = status, message, kind, headers or {}

    def response(self) -> Response:
        """As an answer."""
        headers = {"Content-Type": "application/json", **self.headers}
        if self.kind:
            headers["x-amzn-ErrorType"] = self.kind
        return Response(
            self.status, list(headers.items()), json.dumps({"message": self.message}).encode(), self.message
        )


def read(environ: dict[str, Any]) -> Request:
    """The request of a WSGI environment."""
    body, too_long = _body(environ)
    path, _, query = (environ.get("REQUEST_URI") or environ.get("RAW_URI") or _rebuilt(environ)).partition("?")
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name, header in (("CONTENT_TYPE", "Content-Type"), ("CONTENT_LENGTH", "Content-Length")):
        if environ.get(name):
            headers[header] = environ[name]
    return Request(
        environ["REQUEST_METHOD"],
        path if path.startswith("/") else f"/{path.split('/', 3)[-1]}",  # some clients send an absolute URL
        query or environ.get("QUERY_STRING", ""),
        headers,
        body,
        environ.get("REMOTE_ADDR", "127.0.0.1"),
        environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        too_long,
    )


def _body(environ: dict[str, Any]) -> tuple[bytes, bool]:
    """The body, and whether it is longer than an API takes; of such a one no more is read than shows it."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        size = int(length)
    elif "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        size = BODY_LIMIT + 1
    else:
        return b"", False
    body = environ["wsgi.input"].read(min(size, BODY_LIMIT + 1))
    return body, len(body) > BODY_LIMIT


def _rebuilt(environ: dict[str, Any]) -> str:
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
