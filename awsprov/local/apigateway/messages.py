"""The requests and responses of APIs."""

import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from awsprov.local.wire import request_id

BODY_LIMIT = 10 * 1024 * 1024


@dataclass
class Request:
    """A request to an API.

    Arguments:
        path: as sent, percent-encoded, with the prefix of the local cloud.
        query: as sent.
        headers: the last value of each header, by name in title case, as most clients send them.
        multi_headers: all values of each header.
        too_large: whether the body exceeds API Gateway's limit of 10 MB; then `body` is only its start.
        time: seconds since the epoch.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    multi_headers: dict[str, list[str]]
    source_ip: str
    protocol: str
    body: bytes = b""
    too_large: bool = False
    id: str = field(default_factory=request_id)
    time: float = field(default_factory=time.time)

    @cached_property
    def lower_headers(self) -> dict[str, str]:
        """The headers, by lower-case name; the values of one that was sent several times are joined."""
        return {name.lower(): ",".join(values) for name, values in self.multi_headers.items()}

    @cached_property
    def query_parameters(self) -> dict[str, list[str]]:
        """The parameters of the query, each with all its values."""
        parameters: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            parameters.setdefault(name, []).append(value)
        return parameters

    @property
    def formatted_time(self) -> str:
        """The time in the format of API Gateway, which is that of Apache's logs."""
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.time))

    @property
    def extended_id(self) -> str:
        """An id in the format of API Gateway's extended request ids."""
        return f"{self.id.replace('-', '')[:15]}="


@dataclass
class Response:
    """A response of an API.

    Arguments:
        error: the error message for the access log.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    error: str = ""


class GatewayError(Exception):
    """An error response of API Gateway itself, with the status, message and error type of AWS."""

    def __init__(self, status: int, message: str, error_type: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.error_type, self.headers = status, message, error_type, headers or {}

    def response(self) -> Response:
        """Return the error as a response."""
        headers = {"Content-Type": "application/json", **self.headers}
        if self.error_type:
            headers["x-amzn-ErrorType"] = self.error_type
        return Response(
            self.status, list(headers.items()), json.dumps({"message": self.message}).encode(), self.message
        )


def read_request(scope: dict[str, Any]) -> Request:
    """Return the request of an ASGI scope, whose body has not been read yet."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").title(), []).append(value.decode("latin-1"))
    path = scope["raw_path"].decode("latin-1")
    return Request(
        scope["method"],
        path if path.startswith("/") else f"/{path.split('/', 3)[-1]}",  # some clients send an absolute URL
        scope["query_string"].decode("latin-1"),
        {name: values[-1] for name, values in headers.items()},
        headers,
        scope["client"][0],
        f"HTTP/{scope['http_version']}",
    )
