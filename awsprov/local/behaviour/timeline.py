"""The changes that are scheduled for later: the second half of each asynchronous operation."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from awsprov.local.cloud import Cloud

log = logging.getLogger(__name__)


class Timeline:
    """Makes changes at the pace of the local cloud.

    At pace 0 a change is made within the call that causes it. Scheduled changes are saved with the cloud, so they must
    be functions and methods that can be pickled.
    """

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self._cloud, self._memory = cloud, memory
        memory.setdefault("timeline", [])
        self._order = itertools.count()
        self._changed = threading.Condition(cloud.lock)
        self._ended = False

    def after(self, seconds: float, change: Callable[..., None], *arguments: Any) -> None:
        """Schedule a change.

        Arguments:
            seconds: the delay on AWS, which is multiplied by the pace.
        """
        delay = seconds * self._cloud.pace
        if delay <= 0:
            change(*arguments)
            return
        with self._changed:
            due = time.time() + delay
            heapq.heappush(self._memory["timeline"], (due, next(self._order), change, arguments))
            self._changed.notify()

    def advance(self) -> None:
        """Make the changes that are due. The caller holds the lock of the cloud."""
        scheduled = self._memory["timeline"]
        while not self._ended and scheduled and scheduled[0][0] <= time.time():
            _, _, change, arguments = heapq.heappop(scheduled)
            try:
                change(*arguments)
            except Exception:
                log.exception("A scheduled change failed: %s", getattr(change, "__name__", change))

    def end(self) -> None:
        """Stop making changes. Those that are due later are made after the next start."""
        with self._changed:
            self._ended = True

    def start(self) -> None:
        """Make changes from now on in a thread, without waiting for a call: instances boot by themselves."""
        saved = [order for _, order, *_ in self._memory["timeline"]]
        self._order = itertools.count(max(saved, default=0) + 1)
        threading.Thread(target=self._run, name="timeline", daemon=True).start()

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                self.advance()
                scheduled = self._memory["timeline"]
                self._changed.wait(max(0.0, scheduled[0][0] - time.time()) if scheduled else None)
