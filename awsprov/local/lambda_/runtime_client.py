"""awslambdaric's compiled `runtime_client` in plain Python, for systems without a wheel of it (macOS, musl).

This file is copied into the runtime's virtual environment if the compiled module cannot be imported there. It runs in
another interpreter, beside user code, so it imports the standard library only.
"""

import http.client
import os

# Like the compiled client, this one accepts a path after the address. The local cloud puts a secret there.
_ADDRESS, _, _PATH = os.environ.get("AWS_LAMBDA_RUNTIME_API", "").partition("/")
_PREFIX = f"{_PATH and '/'}{_PATH}/2018-06-01/runtime/invocation"
_agent = "aws-lambda-python"
_connection: http.client.HTTPConnection | None = None


def initialize_client(user_agent: str) -> None:
    """Set the User-Agent of the requests."""
    global _agent  # noqa: PLW0603 - the compiled module keeps it in the same place
    _agent = user_agent


def next() -> tuple[bytes, dict[str, str | int]]:  # noqa: A001 - awslambdaric's name
    """Wait for the next event; return it with the headers of the runtime API."""
    response, body = _call("GET", f"{_PREFIX}/next")
    headers: dict[str, str | int] = dict(response.getheaders())
    headers["Lambda-Runtime-Deadline-Ms"] = int(headers["Lambda-Runtime-Deadline-Ms"])  # awslambdaric subtracts from it
    return body, headers


def post_invocation_result(invoke_id: str, body: bytes, content_type: str, invocation_id: str | None = None) -> None:
    """Send the result of the handler."""
    _call("POST", f"{_PREFIX}/{invoke_id}/response", body, {"Content-Type": content_type})


def post_error(invoke_id: str, body: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Send the error of the handler."""
    _call("POST", f"{_PREFIX}/{invoke_id}/error", body.encode(), {"Content-Type": "application/json"})


def _call(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    global _connection  # noqa: PLW0603 - one connection, kept open, for the life of the process
    if _connection is None:
        _connection = http.client.HTTPConnection(_ADDRESS)
    _connection.request(method, path, body, {"User-Agent": _agent, **(headers or {})})
    response = _connection.getresponse()
    return response, response.read()
