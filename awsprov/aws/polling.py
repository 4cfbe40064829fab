"""Polling: call a probe until its result is true, with exponential backoff."""

import threading
from collections.abc import Callable
from typing import TypeVar, cast

from awsprov.errors import RUN_AGAIN, InterruptedByUserError, TimedOutError

T = TypeVar("T")
INITIAL_DELAY = 0.1
# EC2 refills an account's bucket of Describe calls at 20 a second (EC2 API reference, "Request throttling"). Sixteen
# workers that poll at this delay use sixteen of them; but no stack waits for so many resources of EC2 at once.
MAXIMUM_DELAY = 1.0
_GROWTH = 1.5


def wait_until(
    probe: Callable[[], T | None],
    timeout: float,
    what: str,
    stop: threading.Event,
    *,
    initial_delay: float = INITIAL_DELAY,
    maximum_delay: float = MAXIMUM_DELAY,
) -> T:
    """Call a probe until its result is true, and return that.

    Arguments:
        probe: returns something false while it is too early; an exception ends the wait.
        timeout: seconds after which the wait fails.
        what: what is waited for, for the error.
        stop: ends the wait when it is set.
        initial_delay: seconds between the first two calls; each delay is 1.5 times the one before. Up to as many
            seconds of jitter are added to each.
        maximum_delay: seconds between two calls at most, without jitter.

    Raises:
        TimedOutError: the result was never true.
        InterruptedByUserError: `stop` was set.
    """
    from tenacity import (  # it imports asyncio
        RetryError,
        Retrying,
        retry_if_result,
        sleep_using_event,
        stop_after_delay,
        stop_any,
        stop_when_event_set,
        wait_exponential,
        wait_random,
    )

    backoff = wait_exponential(multiplier=initial_delay, max=maximum_delay, exp_base=_GROWTH)
    retrying = Retrying(
        retry=retry_if_result(lambda result: not result),
        wait=backoff + wait_random(0, initial_delay),
        stop=stop_any(stop_after_delay(timeout), stop_when_event_set(stop)),
        sleep=sleep_using_event(stop),
    )
    try:
        result = retrying(probe)
    except RetryError as error:
        if stop.is_set():
            raise InterruptedByUserError(f"Interrupted while waiting for {what}.", remedy=RUN_AGAIN) from error
        raise TimedOutError(
            f"Timed out after {timeout:.0f} s waiting for {what}.",
            remedy=f"{RUN_AGAIN} The AWS Health Dashboard shows outages.",
        ) from error
    return cast("T", result)  # which is true, and so not None
