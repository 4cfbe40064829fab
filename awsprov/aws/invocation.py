"""Invocations of a function through Lambda's API."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws

# Lambda's: wait for the result; queue the event; check permissions only.
InvocationType = Literal["RequestResponse", "Event", "DryRun"]


@dataclass(frozen=True)
class InvocationResult:
    """The result of an invocation.

    Arguments:
        payload: the function's result, or Lambda's description of its error.
        error: Lambda's FunctionError, as in `Unhandled`; empty when the function succeeded.
        log: the last 4 KB of its log.
        version: the version that ran.
        request_id: the request id, by which its log lines are found.
    """

    payload: bytes
    error: str
    log: str
    version: str
    request_id: str

    @property
    def failure(self) -> str:
        """The error in one line: its type and its message."""
        details = parse_json(self.payload)
        if not isinstance(details, dict):
            return self.payload.decode(errors="replace").strip()
        return ": ".join(str(details[key]) for key in ("errorType", "errorMessage") if details.get(key))


def invoke(
    aws: Aws, function: str, qualifier: str, payload: bytes, invocation_type: InvocationType = "RequestResponse"
) -> InvocationResult:
    """Invoke a function once, without retries.

    Arguments:
        aws: the clients.
        function: its name on Lambda.
        qualifier: a version or an alias.
        payload: the event, JSON.
        invocation_type: whether to wait for the result.

    Raises:
        ClientError: Lambda refused the invocation.
    """
    log: Any = {"LogType": "Tail"} if invocation_type == "RequestResponse" else {}
    response: Any = aws.invoker.invoke(
        FunctionName=function, Qualifier=qualifier, Payload=payload, InvocationType=invocation_type, **log
    )
    return InvocationResult(
        response["Payload"].read(),
        response.get("FunctionError", ""),
        base64.b64decode(response.get("LogResult", "")).decode(errors="replace").strip(),
        response.get("ExecutedVersion", ""),
        response["ResponseMetadata"].get("RequestId", ""),
    )


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text; None when it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None
