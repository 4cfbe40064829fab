"""invoke --http: one request to the API, as a client of it would send it, and its response byte for byte."""

import base64
import json
import mimetypes
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from awsprov.aws.http import HttpResponse
from awsprov.aws.invocation import parse_json
from awsprov.aws.log_query import Query, log_events, milliseconds_ago
from awsprov.cli.output import note, print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, write
from awsprov.errors import TimedOutError, UsageError
from awsprov.operations.endpoints import Endpoint, fill_path, find_endpoint, list_endpoints, send_request
from awsprov.project.project import Project
from awsprov.resources.function.corrections import with_own_paths
from awsprov.resources.function.log_groups import LogGroup
from awsprov.ui.json_output import json_or_text

FIRST_ERROR = 400  # the lowest HTTP status of an error
# What API Gateway answers by itself when a request is not allowed, or a function fails (gateway response types).
_NOT_OF_THE_HANDLER = (403, 500, 502, 503, 504)
_LOG_SECONDS = 10.0  # until the lines of a request must have arrived

HttpBody = tuple[bytes, str]  # with its media type


@dataclass(frozen=True)
class HttpCall:
    """What the options of `invoke --http` ask for.

    Arguments:
        body: the body that was given, and its media type; None for none.
        function: the function's name; None for the one that the route names.
        route: a route, or a method and a path that a route serves; empty for the first route.
        method: the HTTP method; empty for that of the route.
        path: the values of the parameters of the route's path.
        query: the parameters of the query.
        headers: the headers, their names in lower case.
        tail: whether the function's log lines are shown, too.
    """

    body: HttpBody | None
    function: str | None
    route: str
    method: str
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    tail: bool


def http_call(payload: bytes | None, function: str | None, tail: bool, options: Mapping[str, Any]) -> HttpCall:
    """Return what the options ask for.

    Arguments:
        payload: the JSON body that was given; None for none.
        function: the function's name; None for the one that the route names.
        tail: whether the function's log lines are shown, too.
        options: `route` and `method`; `data`, as text, @FILE, or - for stdin; `path` and `query`, as pairs NAME=VALUE;
            `headers`, as lines `Name: value`.

    Raises:
        UsageError: a pair or a header has another form, or the file cannot be read.
    """
    given = None if payload is None else (payload, "application/json")
    return HttpCall(
        _read(options["data"]) if options["data"] else given,
        function,
        options["route"],
        options["method"].upper(),
        dict(_pair(each, "--path") for each in options["path"]),
        [_pair(each, "--query") for each in options["query"]],
        dict(_header(line) for line in options["headers"]),
        tail,
    )


def call_api(settings: Settings, project: Project, call: HttpCall) -> int:
    """Send the request, print the response, and return the exit code."""
    project.engine().refresh()
    endpoint = _endpoint(project, call)
    body, media_type = call.body or _default_body(endpoint.method)
    headers = ({"content-type": media_type} if media_type else {}) | dict(call.headers)
    began = milliseconds_ago(0)
    response = send_request(endpoint, body, project.stack, project.aws, project.config, headers=headers)
    _print(settings, endpoint, response)
    if call.tail and not settings.json:
        _print_log(project, endpoint.function, began)
    if response.status < FIRST_ERROR:
        return 0
    note(settings, f"HTTP {response.status} from {endpoint.method} {endpoint.url}")
    if response.status in _NOT_OF_THE_HANDLER:
        note(settings, f"`{settings.command_hint(f'explain {endpoint.function}')}` looks for the cause.")
    return 1


def _endpoint(project: Project, call: HttpCall) -> Endpoint:
    """Return the endpoint with its method, and the values of its path and query."""
    function = project.config.routed_function(call.function) if call.function or not call.route else ""
    known = list_endpoints(project.stack, project.aws, project.config)
    found = fill_path(find_endpoint(known, function, call.route), call.path)
    method = call.method or ("POST" if call.body else "GET") if found.method == "ANY" else found.method
    if call.method and call.method != method:
        raise UsageError(f"{found} does not take {call.method}.", remedy="Use --route.")
    query = urlencode(call.query, quote_via=quote)
    return Endpoint(method, found.path, found.function, f"{found.url}?{query}" if query else found.url)


def _default_body(method: str) -> HttpBody:
    """Return the body if none is given: a method that takes one gets an empty JSON object."""
    return (b"", "") if method in {"GET", "HEAD", "DELETE", "OPTIONS"} else (b"{}", "application/json")


def _read(data: str) -> HttpBody:
    """Return the body that --data gives."""
    if data == "-":
        return sys.stdin.buffer.read() if sys.stdin else b"", "application/octet-stream"
    if not data.startswith("@"):
        return data.encode(), "text/plain; charset=utf-8" if parse_json(data) is None else "application/json"
    try:
        content = Path(data[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{data[1:]} cannot be read.", why=str(error.strerror)) from error
    return content, mimetypes.guess_type(data[1:])[0] or "application/octet-stream"


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"{option} {text!r} is not of the form NAME=VALUE.", remedy=f"Example: {option} id=7.")
    return name, value


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not (name.strip() and colon) or "\n" in line or "\r" in line:
        raise UsageError(
            f"--header {line!r} is not of the form NAME: VALUE.", remedy="Example: --header 'Accept: */*'."
        )
    return name.strip().lower(), value.strip()


def _print(settings: Settings, endpoint: Endpoint, response: HttpResponse) -> None:
    """Print the response: text in a readable form on a terminal, and its bytes to a file or pipe."""
    text = _text(response.body)
    about = {"method": endpoint.method, "url": endpoint.url, "status": response.status, "headers": response.headers}
    if settings.json:
        body = {"payload": json_or_text(text)} if text is not None else {
            "payload_base64": base64.b64encode(response.body).decode()
        }  # fmt: skip
        print_result(settings, "response", "", **about, **body)
    elif not sys.stdout.isatty():
        write(response.body if text is None or text.endswith("\n") else response.body + b"\n")
    elif text is None:
        kind = response.headers.get("content-type", "binary data")
        note(settings, f"{len(response.body)} bytes of {kind}. Redirect the output to a file to keep them: > FILE")
    else:
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        echo(text, verbatim=True)


def _text(body: bytes) -> str | None:
    """Return a body as text; None if it is binary."""
    with suppress(UnicodeDecodeError):
        return body.decode() if b"\0" not in body else None
    return None


def _print_log(project: Project, function: str, since: int) -> None:
    """Print on stderr what the function has logged since a time, once the line that ends a request has arrived."""
    group = next(group for group in project.stack.of(LogGroup) if group.function == function).id
    lines = list[str]()

    def read() -> bool:
        lines[:] = [str(event["message"]).rstrip() for event in log_events(project.aws, group, Query(since))]
        return any(line.startswith("REPORT ") for line in lines)

    with suppress(TimedOutError):
        project.aws.wait_until(read, _LOG_SECONDS, "the log of the request")
    echo(with_own_paths(project.function(function), "\n".join(lines)), err=True)
