"""The workers of all functions: reused while they are warm, capped in number, ended when idle or out of date."""

import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable

from awsprov.local.lambda_.sandbox import Spec
from awsprov.local.lambda_.workers import Worker

IDLE = 300.0  # seconds until an unused worker ends
PER_FUNCTION = max(4, os.cpu_count() or 1)  # more would only wait for each other's processor
IN_ALL = 4 * PER_FUNCTION
_SWEEP = 15.0


class NoRoomError(Exception):
    """No worker became free in time."""


class Pool:
    """The living workers.

    Arguments:
        start: makes a worker; called without any lock held, as it may take long (the first one of a runtime).
    """

    def __init__(self, start: Callable[[Spec, str], Worker]) -> None:
        self._start = start
        self._lock = threading.RLock()
        self._freed: dict[Spec, threading.Condition] = {}  # by spec, or each return would wake everyone who waits
        self._idle: list[Worker] = []  # the most recently used last
        self._busy: set[Worker] = set()
        self._taken: Counter[Spec] = Counter()  # workers by spec, those included that are just starting
        self._closed = threading.Event()
        threading.Thread(target=self._sweep, name="idle-workers", daemon=True).start()

    def take(self, spec: Spec, until: float) -> tuple[Worker, bool]:
        """A worker for one invocation and whether it is new. Waits for one while there are too many."""
        with self._lock:
            while True:
                if self._closed.is_set():
                    raise NoRoomError
                if worker := self._warm(spec):
                    return worker, False
                if self._room(spec):
                    self._taken[spec] += 1
                    break
                freed = self._freed.setdefault(spec, threading.Condition(self._lock))
                if not freed.wait(until - time.monotonic()) and time.monotonic() >= until:
                    raise NoRoomError
        return self._new(spec), True

    def give(self, worker: Worker) -> None:
        """Return a worker after its invocation."""
        with self._lock:
            self._busy.discard(worker)
            keep = not worker.retired and not self._closed.is_set()  # whether it lives is asked when it is taken
            if keep:
                self._idle.append(worker)
            else:
                self._forget(worker)
            if keep and self._taken.total() < IN_ALL:
                self._wake(worker.spec)
            else:
                self._wake_all()
        if not keep:
            worker.close()

    def retire(self, outdated: Callable[[Spec], bool]) -> None:
        """End the workers that an update or a deletion has made outdated; busy ones finish what they do."""
        with self._lock:
            for worker in self._busy:
                worker.retired = worker.retired or outdated(worker.spec)
            ended = self._remove(lambda worker: outdated(worker.spec))
        _close(ended)

    def close(self) -> None:
        """End all workers, at work or not."""
        self._closed.set()
        with self._lock:
            ended = self._remove(lambda worker: True)
            busy = list(self._busy)
            self._wake_all()
        for worker in busy:  # its thread finds the process gone, and closes what is left of it
            worker.kill()
        _close(ended)

    def specs(self) -> list[Spec]:
        """The specs of all workers there are."""
        with self._lock:
            return [worker.spec for worker in [*self._idle, *self._busy]]

    def _warm(self, spec: Spec) -> Worker | None:
        for worker in reversed(self._idle):
            if worker.spec == spec and worker.alive():
                self._idle.remove(worker)
                self._busy.add(worker)
                return worker
        return None

    def _room(self, spec: Spec) -> bool:
        """Whether one more may start, after the longest idle one has gone if need be."""
        dead = self._remove(lambda worker: not worker.alive())
        _close(dead)
        if self._taken[spec] >= PER_FUNCTION:
            return False
        if self._taken.total() >= IN_ALL:
            _close(self._remove(lambda worker: worker is self._idle[0]))
        return self._taken.total() < IN_ALL

    def _new(self, spec: Spec) -> Worker:
        try:
            worker = self._start(spec, uuid.uuid4().hex)
        except BaseException:
            with self._lock:
                self._taken[spec] -= 1
                self._wake_all()
            raise
        with self._lock:
            self._busy.add(worker)
        return worker

    def _remove(self, chosen: Callable[[Worker], bool]) -> list[Worker]:
        removed = [worker for worker in self._idle if chosen(worker)]
        for worker in removed:
            self._idle.remove(worker)
            self._forget(worker)
        return removed

    def _forget(self, worker: Worker) -> None:
        self._taken[worker.spec] -= 1
        if not self._taken[worker.spec]:
            del self._taken[worker.spec]

    def _wake(self, spec: Spec) -> None:
        if spec in self._freed:
            self._freed[spec].notify()

    def _wake_all(self) -> None:
        for freed in self._freed.values():
            freed.notify_all()
        self._freed.clear()  # whoever still waits comes back with a new one

    def _sweep(self) -> None:
        while not self._closed.wait(_SWEEP):
            with self._lock:
                ended = self._remove(lambda worker: worker.idle_since < time.monotonic() - IDLE or not worker.alive())
                self._wake_all()
            _close(ended)


def _close(workers: list[Worker]) -> None:
    for worker in workers:
        worker.close()
