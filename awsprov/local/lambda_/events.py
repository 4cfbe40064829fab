"""Asynchronous invocations: events are queued, and retried when the function fails, as by Lambda's own queue."""

import contextlib
import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from moto.awslambda.models import lambda_backends

from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.lambda_.invocations import Invocations
from awsprov.local.lambda_.targets import target
from awsprov.local.wire import ServiceError

_log = logging.getLogger(__name__)
_DELAYS = (60.0, 120.0)  # seconds before the first and second retry (Lambda developer guide), times the pace
_AT_ONCE = 8
_SHORTEST_DELAY = 0.05  # seconds, at pace 0


@dataclass(frozen=True)
class QueuedEvent:
    """One event that was accepted for an asynchronous invocation.

    Arguments:
        region: of the function.
        name: the function's name or ARN.
        qualifier: a version, an alias, or nothing.
        payload: the event, as JSON.
        context: the client context, as JSON.
        request_id: the same for each attempt.
        attempt: 0 for the first one.
    """

    region: str
    name: str
    qualifier: str
    payload: bytes
    context: str
    request_id: str
    attempt: int = 0


class EventQueue:
    """The events of one cloud that wait or are being processed."""

    def __init__(self, cloud: Cloud, invocations: Invocations) -> None:
        self._cloud, self._invocations = cloud, invocations
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="events")
        self._closed = threading.Event()

    def put(self, region: str, name: str, qualifier: str, payload: bytes, context: str) -> str:
        """Accept an event and return its request id. The arguments are those of QueuedEvent."""
        event = QueuedEvent(region, name, qualifier, payload, context, str(uuid.uuid4()))
        self._submit(event)
        return event.request_id

    def close(self) -> None:
        """Drop the events that are not being processed yet."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, event: QueuedEvent) -> None:
        with contextlib.suppress(RuntimeError):  # the queue is closed
            self._threads.submit(self._invoke, event)

    def _invoke(self, event: QueuedEvent) -> None:
        backend = lambda_backends[ACCOUNT][event.region]
        try:
            chosen = target(backend, event.name, event.qualifier)
            response = self._invocations.run_from_thread(chosen, event.payload, event.context, event.request_id)
            failed = bool(response.error)
            retries = _retries(chosen.function)
        except ServiceError as error:
            failed, retries = True, len(_DELAYS)
            _log.info("event for %s: %s", event.name, error)
        except Exception:
            _log.exception("event for %s is lost", event.name)
            return
        if failed and event.attempt < retries:
            self._retry(event)

    def _retry(self, event: QueuedEvent) -> None:
        """Queue the event again, after AWS's delay at the cloud's pace."""
        delay = max(_SHORTEST_DELAY, _DELAYS[event.attempt] * self._cloud.pace)
        later = threading.Timer(delay, self._submit, [replace(event, attempt=event.attempt + 1)])
        later.daemon = True
        later.start()


def _retries(function: object) -> int:
    configured = getattr(function, "event_invoke_config", None) or []
    settings = configured[-1].config if configured else {}
    return min(int(settings.get("MaximumRetryAttempts", len(_DELAYS))), len(_DELAYS))
