"""Dependency graphs, and the parallel walk over one."""

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
    """The result of a walk: the nodes that were visited, that failed, with their errors, and that never started."""

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
    """Visit each node after all nodes that it needs, in parallel, those on the longest path first.

    The dependents of a node that fails are never started; all other nodes are visited.

    Arguments:
        graph: each node with the nodes that it needs.
        visit: is called in a worker thread; an exception marks the node as failed.
        workers: how many visits run at once.
        stop: once it is set, nothing new starts; what runs is finished.
        cost: how long a visit takes, in any unit; decides which node starts when there are few workers.
    """
    stop = stop or Event()
    sorter, costs = TopologicalSorter(graph), remaining_cost(graph, cost)
    sorter.prepare()
    result: Walk[T] = Walk()
    running: dict[Future[None], T] = {}
    ready: list[T] = []
    with ThreadPoolExecutor(workers) as pool:
        while True:
            if not stop.is_set():
                ready = sorted([*ready, *sorter.get_ready()], key=lambda node: -costs[node])
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
    """Return for each node the cost of the longest path that starts with it, through its dependents."""
    reversed_graph = reverse(graph)
    remaining: dict[T, float] = {}
    for node in TopologicalSorter(reversed_graph).static_order():
        remaining[node] = cost(node) + max((remaining[other] for other in reversed_graph[node]), default=0.0)
    return remaining


def reverse(graph: Graph[T]) -> dict[T, list[T]]:
    """Return the graph with all edges reversed: each node with its dependents."""
    reversed_graph: dict[T, list[T]] = {node: [] for node in graph}
    for node, needs in graph.items():
        for need in needs:
            reversed_graph[need].append(node)
    return reversed_graph


def dependents(graph: Graph[T], roots: Collection[T]) -> set[T]:
    """Return the roots and all nodes that need them, directly or not."""
    reversed_graph, found, waiting = reverse(graph), set(roots), list(roots)
    while waiting:
        for node in reversed_graph[waiting.pop()]:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
