"""The Invoke operation of Lambda's API: invocation types, limits and headers, in front of `Invocations`."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import JsonRESTError

from awsprov.local.lambda_.events import EventQueue
from awsprov.local.lambda_.invocations import InvocationResponse, Invocations
from awsprov.local.lambda_.targets import target
from awsprov.local.wire import ServiceError

# Bytes of a payload (Lambda quotas): synchronous, asynchronous.
REQUEST_LIMIT = 6 * 1024 * 1024
EVENT_LIMIT = 1024 * 1024
_TAIL = 4096  # bytes of the log that LogType=Tail returns (Lambda API reference, Invoke)
_PENDING = "The operation cannot be performed at this time. The function is currently in the following state: "
_REQUEST_ID = "x-amzn-RequestId"


@dataclass(frozen=True)
class InvokeRequest:
    """A request of the Invoke operation."""

    name: str
    qualifier: str
    payload: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class InvokeResult:
    """The HTTP response to an Invoke request."""

    status: int
    payload: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def invoke(backend: Any, request: InvokeRequest, invocations: Invocations, events: EventQueue) -> InvokeResult:
    """Run the function, queue the event, or check the request only (DryRun).

    Raises:
        ServiceError: the request is invalid, or the function cannot be run.
        JsonRESTError: moto's ResourceNotFoundException.
    """
    kind = request.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    _check(request.payload, EVENT_LIMIT if kind == "Event" else REQUEST_LIMIT)
    chosen = target(backend, request.name, request.qualifier)
    if chosen.function.state in {"Pending", "Failed"}:
        raise ServiceError("ResourceConflictException", f"{_PENDING}{chosen.function.state}", 409)
    context = base64.b64decode(request.headers.get("X-Amz-Client-Context") or "").decode()
    if kind == "DryRun":
        return InvokeResult(204)
    if kind == "Event":
        request_id = events.put(backend.region_name, request.name, request.qualifier, request.payload, context)
        return InvokeResult(202, headers={_REQUEST_ID: request_id})
    response = invocations.run_from_thread(chosen, request.payload, context)
    tail = request.headers.get("X-Amz-Log-Type") == "Tail"
    return InvokeResult(200, response.payload, _headers(response, tail=tail))


def as_moto_error(error: ServiceError) -> JsonRESTError:
    """Return the error in the form in which moto raises its own."""
    converted = JsonRESTError(error.code, error.message)
    converted.code = error.status
    members = {"__type": error.code, "message": error.message, "Type": "User", **error.members}
    converted.description = json.dumps(members)
    return converted


def _check(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise ServiceError("RequestTooLargeException", message, 413)
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise ServiceError("InvalidRequestContentException", message, 400) from error


def _headers(response: InvocationResponse, *, tail: bool) -> dict[str, str]:
    headers = {"X-Amz-Executed-Version": response.version, _REQUEST_ID: response.request_id}
    if response.error:
        headers["X-Amz-Function-Error"] = response.error
    if tail:
        headers["x-amz-log-result"] = base64.b64encode(response.log.encode()[-_TAIL:]).decode()
    return headers
