"""Ctrl-C: the first one lets the work that runs be finished, the second one ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(stop: threading.Event, note: Callable[[str], None]) -> Iterator[None]:
    """Finish and record running work at the first Ctrl-C or SIGTERM, start nothing new, and exit at the second.

    Arguments:
        stop: set by the first one.
        note: prints a message.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()
        note("Stopping: running work is finished and recorded. Ctrl-C again to exit at once.")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
