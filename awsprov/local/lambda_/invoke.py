"""Invoke as an operation of Lambda's API: its types, limits and headers, in front of `Invocations`."""

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

REQUEST_LIMIT = 6 * 1024 * 1024
EVENT_LIMIT = 1024 * 1024
_TAIL = 4096  # bytes of the log that LogType=Tail returns
_PENDING = "The operation cannot be performed at this time. The function is currently in the following state: "


@dataclass(frozen=True)
class Asked:
    """What the client asks for."""

    name: str
    qualifier: str
    payload: bytes
    headers: Mapping[str, str]


_REQUEST_ID = "x-amzn-RequestId"


@dataclass(frozen=True)
class Invoked:
    """What the client gets."""

    status: int
    payload: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def invoke(backend: Any, asked: Asked, invocations: Invocations, events: EventQueue) -> Invoked:
    """Run the function, queue the event, or only say whether one could (DryRun)."""
    kind = asked.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    _check(asked.payload, EVENT_LIMIT if kind == "Event" else REQUEST_LIMIT)
    chosen = target(backend, asked.name, asked.qualifier)
    if chosen.function.state in {"Pending", "Failed"}:
        raise ServiceError("ResourceConflictException", f"{_PENDING}{chosen.function.state}", 409)
    context = base64.b64decode(asked.headers.get("X-Amz-Client-Context") or "").decode()
    if kind == "DryRun":
        return Invoked(204)
    if kind == "Event":
        request_id = events.put(backend.region_name, asked.name, asked.qualifier, asked.payload, context)
        return Invoked(202, headers={_REQUEST_ID: request_id})
    answer = invocations.run(chosen, asked.payload, context)
    return Invoked(200, answer.payload, _headers(answer, tail=asked.headers.get("X-Amz-Log-Type") == "Tail"))


def as_moto(refused: ServiceError) -> JsonRESTError:
    """The refusal as moto raises its own."""
    error = JsonRESTError(refused.code, refused.message)
    error.code = refused.status
    members = {"__type": refused.code, "message": refused.message, "Type": "User", **refused.members}
    error.description = json.dumps(members)
    return error


def _check(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise ServiceError("RequestTooLargeException", message, 413)
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise ServiceError("InvalidRequestContentException", message, 400) from error


def _headers(answer: InvocationResponse, *, tail: bool) -> dict[str, str]:
    headers = {"X-Amz-Executed-Version": answer.version, _REQUEST_ID: answer.request_id}
    if answer.error:
        headers["X-Amz-Function-Error"] = answer.error
    if tail:
        headers["x-amz-log-result"] = base64.b64encode(answer.log.encode()[-_TAIL:]).decode()
    return headers
