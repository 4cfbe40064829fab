"""Which responses are retried: the transient errors of our table, and what botocore retries anyway.

These are hooks of botocore's event system; `Aws` registers them.
"""

import ssl
import time
from http import HTTPStatus
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
)

from awsprov.aws.transient_errors import TRANSIENT_ERRORS
from awsprov.errors import RUN_AGAIN, LostResponseError

_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 0.1, 1.7, 5.0  # seconds; the factor between two delays
_NEVER_CONNECTED = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)


def reject_truncated(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Turn a response shorter than its Content-Length into a timeout, which botocore retries; a `before-parse` hook."""
    body, length = response_dict["body"], response_dict["headers"].get("Content-Length")
    if isinstance(body, bytes) and length and len(body) < int(length):
        response_dict.update(status_code=int(HTTPStatus.SERVICE_UNAVAILABLE), body=b"")
        customized_response_dict["Error"] = {"Code": "RequestTimeout", "Message": "The response was cut short."}


def raise_if_lost(response: Any, operation: Any, caught_exception: Exception | None) -> None:
    """Raise an error when a call that must not be repeated may have taken effect; for a `needs-retry` hook.

    Raises:
        LostResponseError: the connection broke after the call was sent, or AWS answered with a server error.
    """
    if _may_have_taken_effect(response, caught_exception):
        raise LostResponseError(
            f"The response to {operation.name} was lost.",
            why=str(caught_exception or response[1].get("Error", {}).get("Message", "")),
            remedy=RUN_AGAIN,
            operation=operation.name,
        ) from caught_exception


def _may_have_taken_effect(response: Any, error: Exception | None) -> bool:
    if error:
        return not (isinstance(error, _NEVER_CONNECTED) or _is_certificate_error(error))
    status, code = response[1]["ResponseMetadata"]["HTTPStatusCode"], response[1].get("Error", {}).get("Code")
    return bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR) and code != "RequestLimitExceeded"  # EC2 throttles with 503


def _is_certificate_error(error: BaseException | None) -> bool:
    """Return whether a certificate was refused, before anything was sent; other errors of TLS can occur at any time."""
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def is_transient(error: BaseException) -> bool:
    """Return whether an error is a transient one, which lasted longer than it was retried."""
    details = error.response.get("Error", {}) if isinstance(error, ClientError) else {}
    code, message = details.get("Code"), details.get("Message") or ""
    return any(each.code == code and each.fragment in message for each in TRANSIENT_ERRORS)


def transient_delay(response: Any, operation: Any, attempts: int, context: dict[str, Any]) -> float | None:
    """Return the seconds to wait before a call with a transient error is repeated; for a `needs-retry` hook.

    Arguments:
        response: the HTTP response and the parsed one; None when there was none.
        operation: botocore's model of the operation.
        attempts: how often the call was sent.
        context: the request's context, where the time of the first error is kept.

    Returns:
        None when the error is not transient, or has lasted longer than it may.
    """
    error = response[1].get("Error", {}) if response else {}
    service = operation.service_model.service_id.hyphenize()
    transient = next((each for each in TRANSIENT_ERRORS if each.matches(service, operation.name, error)), None)
    if transient is None:
        return None
    since = context.setdefault("awsprov-first-error", time.monotonic())
    delay = min(_FIRST_DELAY * _GROWTH**attempts, _LONGEST_DELAY)
    return delay if time.monotonic() + delay - since < transient.seconds else None
