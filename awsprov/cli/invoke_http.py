"""invoke --http: one request to the API, as a client of it would send it, and its response byte for byte."""

import base64
import json
import mimetypes
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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


@dataclass(frozen=True)
class HttpCall:
    """The values of the options of `invoke --http`.

    Arguments:
        payload: the JSON body that was given; None for none.
        data: a body of any type: text, @FILE, or - for stdin; empty for none.
        function: the function's name; None for the one that the route names.
        route: a route, or a method and a path that a route serves; empty for the first route.
        method: the HTTP method; empty for that of the route.
        path, query: pairs NAME=VALUE.
        headers: lines `Name: value`.
        tail: whether the function's log lines are shown, too.
    """

    payload: bytes | None
    data: str
    function: str | None
    route: str
    method: str
    path: Sequence[str]
    query: Sequence[str]
    headers: Sequence[str]
    tail: bool


def call_api(settings: Settings, project: Project, call: HttpCall) -> int:
    """Send the request, print the response, and return the exit code."""
    project.engine().refresh()
    endpoint = _endpoint(project, call)
    body, media_type = _body(call, endpoint.method)
    headers = {"content-type": media_type} if media_type else {}
    headers |= dict(_header(line) for line in call.headers)
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
    found = fill_path(find_endpoint(known, function, call.route), pairs(call.path, "--path"))
    given = call.payload is not None or call.data
    method = call.method.upper() or ("POST" if given else "GET") if found.method == "ANY" else found.method
    if call.method and call.method.upper() != method:
        raise UsageError(f"{found} does not take {call.method.upper()}.", remedy="Use --route.")
    query = urlencode([_pair(each, "--query") for each in call.query], quote_via=quote)
    return Endpoint(method, found.path, found.function, f"{found.url}?{query}" if query else found.url)


def _body(call: HttpCall, method: str) -> tuple[bytes, str]:
    """Return the body and its media type; without a body, a route that takes one gets an empty JSON object."""
    if not call.data:
        default = b"" if method in {"GET", "HEAD", "DELETE", "OPTIONS"} else b"{}"
        body = default if call.payload is None else call.payload
        return body, "application/json" if body else ""
    if call.data == "-":
        return sys.stdin.buffer.read() if sys.stdin else b"", "application/octet-stream"
    if not call.data.startswith("@"):
        return call.data.encode(), "text/plain; charset=utf-8" if parse_json(call.data) is None else "application/json"
    try:
        content = Path(call.data[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{call.data[1:]} cannot be read.", why=str(error.strerror)) from error
    return content, mimetypes.guess_type(call.data[1:])[0] or "application/octet-stream"


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Return the pairs of an option that may be given several times.

    Raises:
        UsageError: one is not of the form NAME=VALUE.
    """
    return dict(_pair(each, option) for each in given)


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
