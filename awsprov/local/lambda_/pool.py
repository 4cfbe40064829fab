"""The workers of all functions: reused while they are warm, limited in number, ended when idle or outdated."""

import asyncio
import os
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable

from awsprov.local.event_loop import resolve
from awsprov.local.lambda_.sandbox import WorkerConfig
from awsprov.local.lambda_.workers import Worker

IDLE = 300.0  # seconds until an unused worker ends
PER_FUNCTION = max(4, os.cpu_count() or 1)  # more would only compete for the processors
IN_ALL = 4 * PER_FUNCTION
_SWEEP = 15.0  # seconds between searches for idle workers


class NoWorkerError(Exception):
    """No worker became free in time."""


class Pool:
    """All workers of one cloud. They are taken and given on the event loop; the other methods are called by threads.

    Arguments:
        start: creates a worker from a configuration and a name; called in a thread, as it may take long.
    """

    def __init__(self, start: Callable[[WorkerConfig, str], Worker]) -> None:
        self._start = start
        self._lock = threading.RLock()
        self._waiting: dict[WorkerConfig, deque[asyncio.Future[None]]] = {}  # who waits for a worker, by config
        self._idle: list[Worker] = []  # the most recently used is last
        self._busy: set[Worker] = set()
        self._taken: Counter[WorkerConfig] = Counter()  # workers by config, including those that are starting
        self._closed = threading.Event()
        threading.Thread(target=self._sweep, name="idle-workers", daemon=True).start()

    async def take(self, config: WorkerConfig, until: float) -> tuple[Worker, bool]:
        """Return a worker for one invocation, and whether it is new.

        Arguments:
            config: the function version.
            until: how long to wait while there are too many workers, as a time of the monotonic clock.

        Raises:
            NoWorkerError: none became free in time.
        """
        while True:
            with self._lock:
                if self._closed.is_set():
                    raise NoWorkerError
                if worker := self._warm(config):
                    return worker, False
                if self._has_room(config):
                    self._taken[config] += 1
                    break
                freed = asyncio.get_running_loop().create_future()
                self._waiting.setdefault(config, deque()).append(freed)
            try:
                await self._wait(freed, config, until)
            except TimeoutError as error:
                raise NoWorkerError from error
        return await self._new(config), True

    def give(self, worker: Worker) -> None:
        """Return a worker after its invocation."""
        with self._lock:
            self._busy.discard(worker)
            keep = not worker.retired and not self._closed.is_set()  # `take` checks whether it is alive
            if keep:
                self._idle.append(worker)
            else:
                self._forget(worker.config)
            if keep and self._taken.total() < IN_ALL:
                self._wake(worker.config)
            else:
                self._wake_all()
        if not keep:
            _close_later([worker])

    def retire(self, outdated: Callable[[WorkerConfig], bool]) -> None:
        """End the workers that an update or a deletion has made outdated; busy ones finish their invocation."""
        with self._lock:
            for worker in self._busy:
                worker.retired = worker.retired or outdated(worker.config)
            ended = self._remove(lambda worker: outdated(worker.config))
        _close(ended)

    def close(self) -> None:
        """End all workers, busy or not."""
        self._closed.set()
        with self._lock:
            ended = self._remove(lambda worker: True)
            busy = list(self._busy)
            self._wake_all()
        for worker in busy:  # who serves it notices, and cleans up
            worker.kill()
        _close(ended)

    def configs(self) -> list[WorkerConfig]:
        """Return the configurations of all workers, those among them that start or are waited for."""
        with self._lock:
            return [*self._taken, *self._waiting]

    def pids(self, function: str) -> list[int]:
        """Return the ids of the processes of a function, by its ARN."""
        with self._lock:
            return [each.pid for each in [*self._idle, *self._busy] if each.config.function_arn == function]

    def _warm(self, config: WorkerConfig) -> Worker | None:
        for worker in reversed(self._idle):
            if worker.config == config and worker.alive():
                self._idle.remove(worker)
                self._busy.add(worker)
                return worker
        return None

    def _has_room(self, config: WorkerConfig) -> bool:
        """Return whether one more may start. If necessary, end the one that is idle for longest."""
        _close_later(self._remove(lambda worker: not worker.alive()))
        if self._taken[config] >= PER_FUNCTION:
            return False
        if self._taken.total() >= IN_ALL:
            _close_later(self._remove(lambda worker: worker is self._idle[0]))
        return self._taken.total() < IN_ALL

    async def _wait(self, freed: "asyncio.Future[None]", config: WorkerConfig, until: float) -> None:
        try:
            async with asyncio.timeout(until - time.monotonic()):  # `wait_for` ignores a cancellation in Python 3.11
                await freed
        except BaseException:
            with self._lock:
                if freed.cancelled():
                    self._drop_cancelled(config)
                else:  # a worker was freed for this one at the same time: another one takes it
                    self._wake(config)
            raise

    async def _new(self, config: WorkerConfig) -> Worker:
        try:
            worker = await asyncio.to_thread(self._start, config, uuid.uuid4().hex)
        except BaseException:
            with self._lock:
                self._forget(config)
                self._wake_all()
            raise
        with self._lock:
            self._busy.add(worker)
        return worker

    def _remove(self, chosen: Callable[[Worker], bool]) -> list[Worker]:
        removed = [worker for worker in self._idle if chosen(worker)]
        for worker in removed:
            self._idle.remove(worker)
            self._forget(worker.config)
        return removed

    def _forget(self, config: WorkerConfig) -> None:
        self._taken[config] -= 1
        if not self._taken[config]:
            del self._taken[config]

    def _wake(self, config: WorkerConfig) -> None:
        """Let the one try again that waits for longest."""
        waiting = self._waiting.get(config, deque())
        while waiting and not resolve(waiting.popleft()):
            pass
        if not waiting:
            self._waiting.pop(config, None)

    def _drop_cancelled(self, config: WorkerConfig) -> None:
        if waiting := deque(freed for freed in self._waiting.pop(config, ()) if not freed.cancelled()):
            self._waiting[config] = waiting

    def _wake_all(self) -> None:
        for waiting in self._waiting.values():
            for freed in waiting:
                freed.get_loop().call_soon_threadsafe(resolve, freed)
        self._waiting.clear()

    def _sweep(self) -> None:
        while not self._closed.wait(_SWEEP):
            with self._lock:
                ended = self._remove(lambda worker: worker.idle_since < time.monotonic() - IDLE or not worker.alive())
                self._wake_all()
            _close(ended)


def _close(workers: list[Worker]) -> None:
    for worker in workers:
        worker.close()


def _close_later(workers: list[Worker]) -> None:
    """Close workers in a thread: the loop must not wait for the end of their processes."""
    for worker in workers:
        asyncio.get_running_loop().run_in_executor(None, worker.close)
