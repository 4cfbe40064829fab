"""Calls: how the calls of one account and region are limited, counted, retried and cached."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from awsprov.aws.call_log import log_calls
from awsprov.aws.clients import Clients
from awsprov.aws.local_endpoint import LocalEndpoint
from awsprov.aws.polling import INITIAL_DELAY, MAXIMUM_DELAY, wait_until
from awsprov.aws.rate_limits import RateLimiter
from awsprov.aws.retries import raise_if_lost, reject_truncated, transient_delay
from awsprov.aws.transient_errors import READ_PREFIXES
from awsprov.errors import AwsprovError

T = TypeVar("T")
_STORE = "s3"  # holds the shared lock, and copies of the state


class Calls(Clients):
    """The clients of one session, with hooks in each of their calls, and a cache of results.

    Its arguments and errors are those of `Clients`.

    Attributes:
        calls: how often each operation was called, as in `ec2:CreateVpc`.
        stop: ends all waits, and all retries of transient errors, when it is set.
        rate_limiter: delays calls to what AWS's quotas allow.
        before_change: called before each request that could change the stack is sent; an error of it ends the call.
    """

    def __init__(self, region: str, profile: str | None = None, local: LocalEndpoint | None = None) -> None:
        super().__init__(region, profile, local)
        self.stop = threading.Event()
        self.calls: Counter[str] = Counter()
        self.rate_limiter = RateLimiter()
        self.before_change: Callable[[], None] | None = None
        self._counting = threading.Lock()
        self._sending = threading.local()
        self._cache: dict[str, Any] = {}
        self._cache_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        events = self.session.events
        events.register("before-call", self._wait_for_rate_limit)
        events.register("before-call", self._count)
        events.register_first("before-send", self._check_change)
        events.register("before-parse", reject_truncated)
        events.register("needs-retry", self._retry)  # type: ignore[arg-type]  # the stubs know no return value
        log_calls(events)

    @property
    def mutations(self) -> int:
        """The number of calls so far that could have changed the stack."""
        with self._counting:
            return sum(count for name, count in self.calls.items() if _changes(*name.split(":")))

    def cached(self, key: str, fetch: Callable[[], T], *, empty: bool = True) -> T:
        """Return the result of `fetch`, which is called once for each key until `clear_cache`.

        Arguments:
            key: identifies the result.
            fetch: makes the calls.
            empty: whether an empty result is cached, too.
        """
        with self._cache_locks[key]:
            cache = self._cache
            if key in cache:
                return cache[key]  # type: ignore[no-any-return]  # of the type that fetch returned
            result = fetch()
            if result or empty:
                cache[key] = result
            return result

    def clear_cache(self) -> None:
        """Clear the results of `cached`.

        The cache is replaced, not emptied: what other threads are fetching now may be old, and is not cached.
        """
        self._cache = {}

    @contextmanager
    def without_retries(self) -> Iterator[None]:
        """Send each call of this thread once: repeated, it would create a second resource.

        Raises:
            LostResponseError: a call was sent, and its response was lost.
        """
        self._sending.once = True
        try:
            yield
        finally:
            self._sending.once = False

    def wait_until(
        self,
        probe: Callable[[], T | None],
        timeout: float,
        what: str,
        *,
        initial_delay: float = INITIAL_DELAY,
        maximum_delay: float = MAXIMUM_DELAY,
    ) -> T:
        """Call a probe until its result is true, and return that; ends when `stop` is set.

        Arguments: see `awsprov.aws.polling.wait_until`.

        Raises:
            TimedOutError: the result was never true.
            InterruptedByUserError: `stop` was set.
        """
        return wait_until(probe, timeout, what, self.stop, initial_delay=initial_delay, maximum_delay=maximum_delay)

    def _wait_for_rate_limit(self, model: Any, **_: Any) -> None:
        self.stop.wait(self.rate_limiter.reserve(_operation(model)))

    def _count(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        if not (isinstance(params["body"], dict) and "DryRun" in params["body"]):
            with self._counting:  # a Counter may lose increments of threads
                self.calls[_operation(model)] += 1

    def _check_change(self, event_name: str, **_: Any) -> None:
        """Check each time that a request is sent, as repeated ones may come late. A `before-send` hook."""
        service, operation = event_name.split(".")[1:]
        if self.before_change and _changes(service, operation):
            self.before_change()

    def _retry(
        self,
        response: Any,
        operation: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        **_: Any,
    ) -> float | None:
        """Return the seconds before a call is repeated; None to leave it to botocore. A `needs-retry` hook."""
        if isinstance(caught_exception, AwsprovError):  # of `before_change`: the request was not sent
            raise caught_exception
        if getattr(self._sending, "once", False):
            raise_if_lost(response, operation, caught_exception)
        if self.stop.is_set():
            return None
        return transient_delay(response, operation, attempts, request_dict["context"])


def _changes(service: str, operation: str) -> bool:
    """Return whether an operation could change the stack."""
    return service != _STORE and not operation.startswith(READ_PREFIXES)


def _operation(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"
