"""Invocations of a function through Lambda's API."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.errors import TimedOutError

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


# The function did not run, so the invocation may be repeated (Lambda API reference, errors of Invoke). A live version
# that is busy uses the concurrency that is reserved for all versions of a function.
_DID_NOT_RUN = ("EFSMountFailureException", "EFSMountTimeoutException", "TooManyRequestsException")
MOUNTED_WITHIN = 300.0  # seconds; policies of EFS take "several minutes" to take effect (EFS user guide)


def invoke_new_version(
    aws: Aws,
    function: str,
    version: str,
    payload: bytes,
    *,
    context: Mapping[str, str] | None = None,
    within: float = MOUNTED_WITHIN,
) -> InvocationResult:
    """Invoke a new version; again while it cannot mount the file system or its function is at its concurrency limit.

    Arguments:
        aws: the clients.
        function: its name on Lambda.
        version: the version.
        payload: the event, JSON.
        context: the `custom` part of its client context.
        within: seconds after which that is an error.

    Raises:
        ClientError: Lambda refused the invocation, or did not run it in that time.
    """
    refusals: list[ClientError] = []

    def attempt() -> InvocationResult | None:
        try:
            return invoke(aws, function, version, payload, context=context)
        except ClientError as error:
            if error_code(error) not in _DID_NOT_RUN:
                raise
            refusals.append(error)
            return None

    try:
        return aws.wait_until(attempt, within, "Lambda to run the new version", maximum_delay=10)
    except TimedOutError as error:
        raise refusals[-1] from error


def invoke(
    aws: Aws,
    function: str,
    qualifier: str,
    payload: bytes,
    invocation_type: InvocationType = "RequestResponse",
    *,
    context: Mapping[str, str] | None = None,
) -> InvocationResult:
    """Invoke a function once, without retries.

    Arguments:
        aws: the clients.
        function: its name on Lambda.
        qualifier: a version or an alias.
        payload: the event, JSON.
        invocation_type: whether to wait for the result.
        context: the `custom` part of the client context, which the function gets beside the event.

    Raises:
        ClientError: Lambda refused the invocation.
    """
    options: Any = {"LogType": "Tail"} if invocation_type == "RequestResponse" else {}
    if context:
        options["ClientContext"] = base64.b64encode(json.dumps({"custom": context}).encode()).decode()
    response: Any = aws.invoker.invoke(
        FunctionName=function, Qualifier=qualifier, Payload=payload, InvocationType=invocation_type, **options
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
    except (ValueError, RecursionError):  # also thousands of nested brackets
        return None


def to_utf8(content: bytes) -> bytes:
    """Return a JSON text as Lambda and handlers read it: in UTF-8, without a byte order mark (RFC 8259, section 8.1).

    Editors and shells of Windows write UTF-16 or UTF-8 with such a mark.

    Raises:
        ValueError: it is not JSON, or not in an encoding of Unicode.
        RecursionError: it is nested too deeply.
    """
    json.loads(content)
    return content.decode(json.detect_encoding(content)).encode()
