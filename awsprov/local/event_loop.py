"""The event loop of the local cloud: on it the HTTP front is served, and functions run.

A request to an API waits for its function most of the time. With a thread for each request, the threads handed over
Python's global lock some twenty times per request, which took longer than its work (decision 51). The control plane has
threads, as moto has no other way.

Nothing that may take long runs on the loop: a worker starts and ends in a thread, where `cloud.lock` may be waited for.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import uvloop

_THREADS = 64  # for what blocks: the start and the end of workers, at most one for each invocation

T = TypeVar("T")


class EventLoop:
    """An event loop of asyncio in a thread of its own: uvloop's, which sends the head of a response with its body."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="event-loop"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="event-loop", daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine from another thread; return its future."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine from another thread, and return its result."""
        return self.start(coroutine).result()

    def close(self) -> None:
        """Cancel what runs on the loop, and stop it."""
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def resolve(future: "asyncio.Future[None]") -> bool:
    """Let the one continue that waits for a future; return False if that one waits no longer."""
    if future.done():
        return False
    future.set_result(None)
    return True


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1)
