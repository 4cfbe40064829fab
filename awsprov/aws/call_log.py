"""The log of AWS calls: operation, duration, attempt, HTTP status, request id, error code.

Logs neither parameters nor bodies nor AWS's messages: they can contain secrets.
"""

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks

logger = logging.getLogger("awsprov.aws")


def log_calls(events: "BaseEventHooks") -> None:
    """Log each attempt of each call of a session, at level DEBUG."""
    events.register_first("request-created", _note_start)
    events.register_first("needs-retry", _log_attempt)


def _note_start(request: Any, **_: Any) -> None:
    request.context["awsprov-sent"] = time.monotonic()


def _log_attempt(
    response: Any,
    operation: Any,
    attempts: int,
    caught_exception: Exception | None,
    request_dict: dict[str, Any],
    **_: Any,
) -> None:
    sent = request_dict["context"].get("awsprov-sent", time.monotonic())
    logger.debug(
        "%s:%s attempt %d: %s in %.3f s",
        operation.service_model.service_name,
        operation.name,
        attempts,
        _outcome(response, caught_exception),
        time.monotonic() - sent,
    )


def _outcome(response: Any, error: Exception | None) -> str:
    """Return status, error code and request id of a response, or the type of the exception without its message."""
    if response is None:
        return type(error).__name__
    metadata = response[1].get("ResponseMetadata", {})
    code = response[1].get("Error", {}).get("Code", "")
    return f"{metadata.get('HTTPStatusCode')}{f' {code}' if code else ''}, request id {metadata.get('RequestId', '-')}"
