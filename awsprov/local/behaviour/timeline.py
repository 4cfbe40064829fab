"""What will happen by itself, and when: the second half of every asynchronous operation."""

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
    """Changes that are due later, at the cloud's pace. They are saved with it, so they are methods of its objects.

    At pace 0 a change happens at once, within the call that caused it.
    """

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self._cloud, self._memory = cloud, memory
        memory.setdefault("timeline", [])
        self._order = itertools.count()
        self._woken = threading.Condition(cloud.lock)
        self._ended = False

    def after(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        """Do something so many of AWS's seconds from now."""
        delay = seconds * self._cloud.pace
        if delay <= 0:
            act(*arguments)
            return
        with self._woken:
            due = time.time() + delay
            heapq.heappush(self._memory["timeline"], (due, next(self._order), act, arguments))
            self._woken.notify()

    def advance(self) -> None:
        """Do what is due. The caller holds the lock."""
        changes = self._memory["timeline"]
        while not self._ended and changes and changes[0][0] <= time.time():
            _, _, act, arguments = heapq.heappop(changes)
            try:
                act(*arguments)
            except Exception:
                log.exception("%s could not happen", getattr(act, "__name__", act))

    def end(self) -> None:
        """Let nothing happen any more: what is due meanwhile happens when the cloud is started again."""
        with self._woken:
            self._ended = True

    def start(self) -> None:
        """Advance without being asked: machines boot whether or not anybody calls."""
        saved = [change[1] for change in self._memory["timeline"]]
        self._order = itertools.count(max(saved, default=0) + 1)
        threading.Thread(target=self._run, name="timeline", daemon=True).start()

    def _run(self) -> None:
        with self._woken:
            while not self._ended:
                self.advance()
                changes = self._memory["timeline"]
                self._woken.wait(max(0.0, changes[0][0] - time.time()) if changes else None)
