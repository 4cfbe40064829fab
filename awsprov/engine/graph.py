"""A graph of things that need one another, and the parallel walk over it."""

from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from threading import Event
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
Graph = Mapping[T, Collection[T]]


@dataclass
class Walk(Generic[T]):
    """What became of each node: visited, failed with its error, or never started."""

    done: list[T] = field(default_factory=list)
    failed: dict[T, Exception] = field(default_factory=dict)
    skipped: list[T] = field(default_factory=list)


def walk(
    graph: Graph[T],
    visit: Callable[[T], None],
    workers: int = 16,
    stop: Event | None = None,
    cost: Callable[[T], float] = lambda _: 1.0,
) -> Walk[T]:
    """Visit each node once all that it needs was visited, as many at a time as may be, longest way ahead first.

    A node that fails is never done: what needs it never starts, and all else goes on.

    Arguments:
        graph: each node with what it needs.
        visit: called in a worker thread; an exception marks the node as failed.
        workers: how many visits run at once.
        stop: once it is set nothing new starts; what runs is finished.
        cost: what a visit takes, in whatever unit; decides who starts when workers are few.
    """
    stop = stop or Event()
    sorter, ahead = TopologicalSorter(graph), remaining_cost(graph, cost)
    sorter.prepare()
    result: Walk[T] = Walk()
    running: dict[Future[None], T] = {}
    ready: list[T] = []
    with ThreadPoolExecutor(workers) as pool:
        while True:
            if not stop.is_set():
                ready = sorted([*ready, *sorter.get_ready()], key=lambda node: -ahead[node])
                starting, ready = ready[: workers - len(running)], ready[workers - len(running) :]
                running.update((pool.submit(visit, node), node) for node in starting)
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                _collect(sorter, result, running.pop(future), future)
    settled = {*result.done, *result.failed}
    result.skipped = [node for node in graph if node not in settled]
    return result


def _collect(sorter: "TopologicalSorter[T]", result: Walk[T], node: T, future: "Future[None]") -> None:
    error = future.exception()
    if error is None:
        result.done.append(node)
        sorter.done(node)
    elif isinstance(error, Exception):
        result.failed[node] = error
    else:
        raise error


def remaining_cost(graph: Graph[T], cost: Callable[[T], float]) -> dict[T, float]:
    """For each node, what it and the dearest row of nodes that wait for it take together."""
    turned = reverse(graph)
    ahead: dict[T, float] = {}
    for node in TopologicalSorter(turned).static_order():
        ahead[node] = cost(node) + max((ahead[other] for other in turned[node]), default=0.0)
    return ahead


def reverse(graph: Graph[T]) -> dict[T, list[T]]:
    """The same graph with each edge turned round: each node with what needs it."""
    turned: dict[T, list[T]] = {node: [] for node in graph}
    for node, needs in graph.items():
        for need in needs:
            turned[need].append(node)
    return turned


def dependents(graph: Graph[T], roots: Collection[T]) -> set[T]:
    """The roots and all that needs them, directly or not."""
    turned, found, waiting = reverse(graph), set(roots), list(roots)
    while waiting:
        for node in turned[waiting.pop()]:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
