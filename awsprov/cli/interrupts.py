"""Ctrl-C and other signals: the first lets running work finish, the second ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def interruptible(stop: threading.Event, note: Callable[[str], None]) -> Iterator[None]:
    """Finish and record running work at the first Ctrl-C, SIGTERM or SIGHUP, start nothing new, and exit at the second.

    A terminal that is closed sends SIGHUP, often twice: it never ends the process at once. `nohup` ignores it, and it
    stays ignored.

    Arguments:
        stop: set by the first one.
        note: prints a message.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            if number == signal.SIGHUP:
                return
            os._exit(130)
        stop.set()
        with suppress(OSError):  # the terminal may be closed
            note("Stopping: running work is finished and recorded. Ctrl-C again to exit at once.")

    numbers = [signal.SIGINT, signal.SIGTERM]
    numbers += [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else []
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
