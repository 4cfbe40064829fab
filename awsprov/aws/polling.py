"""How often to ask while something takes its time, and one question for all who wait for the same kind of thing."""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from awsprov.errors import InterruptedByUserError, TimedOutError

T = TypeVar("T")
GO_ON = "Run the same command again: it goes on from here."

_LATE = 0.04  # the share of a wait by which its end may be noticed late
_NEARLY = (0.8, 1.3)  # of the usual time: the end is near
_NEARLY_LATE = 0.01  # the share of the usual time by which an end may be noticed late then
_BEAT = 0.02  # seconds within which questions count as asked at once


def eventually(
    probe: Callable[[], T],
    within: float,
    what: str,
    stop: threading.Event,
    pause: Callable[[float], float],
) -> T:
    """Ask until the answer is true.

    Arguments:
        probe: returns something false while it is too early; raises what cannot pass.
        within: seconds until it is given up.
        what: what is waited for, for the error.
        stop: once it is set, nobody waits any more.
        pause: the seconds until the next question, of those that it took so far.

    Raises:
        TimedOutError: it did not come true in time.
        InterruptedByUserError: the person does not want to wait for it.
    """
    from tenacity import (  # noqa: PLC0415 - it imports asyncio
        RetryError,
        Retrying,
        retry_if_result,
        sleep_using_event,
        stop_after_delay,
        stop_any,
        stop_when_event_set,
    )

    retrying = Retrying(
        retry=retry_if_result(lambda answer: not answer),
        wait=lambda state: pause(state.seconds_since_start or 0.0),
        stop=stop_any(stop_after_delay(within), stop_when_event_set(stop)),
        sleep=sleep_using_event(stop),
    )
    try:
        return retrying(probe)
    except RetryError as error:
        if stop.is_set():
            raise InterruptedByUserError(f"No longer waited for {what}.", remedy=GO_ON) from error
        raise TimedOutError(
            f"Waited {within:.0f} s for {what}, in vain.",
            remedy=f"{GO_ON} The AWS Health Dashboard tells of outages.",
        ) from error


def pause(elapsed: float, at_first: float, at_most: float, typical_seconds: float) -> float:
    """The seconds until the next question: few at first and when the usual end is near, more and more otherwise.

    Questions come on beats that all who wait have in common, so that one can be asked for several of them.
    """
    wanted = max(at_first, _LATE * elapsed)
    if _NEARLY[0] * typical_seconds <= elapsed <= _NEARLY[1] * typical_seconds:
        wanted = min(wanted, max(at_first, _NEARLY_LATE * typical_seconds))
    beat = 2.0 ** round(math.log2(min(wanted, at_most)))
    return beat - time.monotonic() % beat


def meanwhile(ask: Callable[[], T]) -> Future[T]:
    """An answer that is fetched while other things are done. The program's end does not wait for it."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


class Shared:
    """Questions that several ask at the same beat: one of them asks, all have the answer."""

    def __init__(self) -> None:
        self._asking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._answers: dict[str, tuple[float, Any]] = {}

    def ask(self, key: str, fetch: Callable[[], T]) -> T:
        """An answer that nobody had before this question was asked.

        Arguments:
            key: what is asked.
            fetch: asks it.
        """
        asked = time.monotonic()
        with self._asking[key]:
            began, answer = self._answers.get(key, (0.0, None))
            if began < asked - _BEAT:
                began = time.monotonic()
                answer = fetch()
                self._answers[key] = began, answer
            result: T = answer
            return result
