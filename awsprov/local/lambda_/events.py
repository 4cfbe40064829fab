"""Events for functions: invocations that nobody waits for, tried again when they fail, as Lambda's own queue does."""

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
_DELAYS = (60.0, 120.0)  # AWS's seconds before the first and second retry, times the pace
_AT_ONCE = 8
_SOON = 0.05


@dataclass(frozen=True)
class Event:
    """One accepted event."""

    region: str
    name: str
    qualifier: str
    payload: bytes
    context: str
    request_id: str
    attempt: int = 0


class EventQueue:
    """The events of one cloud that are waiting or under way."""

    def __init__(self, cloud: Cloud, invocations: Invocations) -> None:
        self._cloud, self._invocations = cloud, invocations
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="events")
        self._closed = threading.Event()

    def put(self, region: str, name: str, qualifier: str, payload: bytes, context: str) -> str:
        """Accept an event; returns the request id under which it will run, each time that it is tried."""
        event = Event(region, name, qualifier, payload, context, str(uuid.uuid4()))
        self._submit(event)
        return event.request_id

    def close(self) -> None:
        """Drop what has not begun."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _submit(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # closed
            self._threads.submit(self._try, event)

    def _try(self, event: Event) -> None:
        backend = lambda_backends[ACCOUNT][event.region]
        try:
            chosen = target(backend, event.name, event.qualifier)
            answer = self._invocations.run(chosen, event.payload, event.context, request_id=event.request_id)
            failed = bool(answer.error)
            retries = _retries(chosen.function)
        except ServiceError as refused:
            failed, retries = True, len(_DELAYS)
            _log.info("event for %s: %s", event.name, refused)
        except Exception:
            _log.exception("event for %s is lost", event.name)
            return
        if failed and event.attempt < retries:
            self._again(event)

    def _again(self, event: Event) -> None:
        """Queue the event once more, after AWS's delay at the cloud's pace."""
        delay = max(_SOON, _DELAYS[event.attempt] * self._cloud.pace)
        later = threading.Timer(delay, self._submit, [replace(event, attempt=event.attempt + 1)])
        later.daemon = True
        later.start()


def _retries(function: object) -> int:
    configured = getattr(function, "event_invoke_config", None) or []
    settings = configured[-1].config if configured else {}
    return min(int(settings.get("MaximumRetryAttempts", len(_DELAYS))), len(_DELAYS))
