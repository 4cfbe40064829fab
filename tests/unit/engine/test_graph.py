"""The walk over a graph: in order, in parallel, past failures, and stopped on request."""

import threading
from collections.abc import Callable
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsprov.engine.graph import dependents, reverse, walk

DIAMOND: dict[str, list[str]] = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def failing(*names: str) -> Callable[[str], None]:
    def visit(node: str) -> None:
        if node in names:
            raise ValueError(node)

    return visit


@st.composite
def dags(draw: st.DrawFn) -> dict[int, list[int]]:
    size = draw(st.integers(0, 12))
    return {n: draw(st.lists(st.integers(0, n - 1), unique=True)) if n else [] for n in range(size)}


def test_a_node_is_visited_after_all_that_it_needs() -> None:
    visited: list[str] = []
    done = walk(DIAMOND, visited.append).done
    assert sorted(done) == sorted(visited)
    assert visited[0] == "a"
    assert visited[-1] == "d"
    assert sorted(visited) == ["a", "b", "c", "d"]


def test_the_longest_way_starts_first_when_workers_are_few() -> None:
    graph: dict[str, list[str]] = {"short": [], "other": [], "first": [], "long": ["first"], "last": ["long", "short"]}
    cost = {"long": 10.0}
    visited: list[str] = []
    walk(graph, visited.append, workers=1, cost=lambda node: cost.get(node, 1.0))
    assert visited == ["first", "long", "short", "other", "last"]


def test_independent_nodes_are_visited_at_the_same_time() -> None:
    together = threading.Barrier(5, timeout=10)  # breaks unless five are in their visit at once

    def meet(_: int) -> None:
        together.wait()

    result = walk({n: [] for n in range(5)}, meet, workers=5)
    assert not result.failed


def test_what_is_ready_starts_although_a_slow_one_of_before_still_runs() -> None:
    later = threading.Event()
    visits: dict[str, Callable[[], object]] = {"slow": lambda: later.wait(10), "quick": bool, "next": later.set}
    outcome: dict[str, object] = {}
    walk({"slow": [], "quick": [], "next": ["quick"]}, lambda n: outcome.update({n: visits[n]()}), workers=2)
    assert outcome["slow"] is True  # it was set while the slow one ran


def test_no_more_than_the_given_number_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def visit(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.01)
        with lock:
            running -= 1

    walk({n: [] for n in range(12)}, visit, workers=3)
    assert most == 3


def test_a_failed_node_stops_its_dependents_and_nothing_else() -> None:
    graph = {**DIAMOND, "e": ["d"], "x": [], "y": ["x"]}
    result = walk(graph, failing("b"))
    assert set(result.failed) == {"b"}
    assert str(result.failed["b"]) == "b"
    assert sorted(result.done) == ["a", "c", "x", "y"]
    assert result.skipped == ["d", "e"]


def test_all_failures_are_kept() -> None:
    assert set(walk(DIAMOND, failing("b", "c")).failed) == {"b", "c"}


def test_once_stopped_nothing_new_starts_and_what_runs_is_finished() -> None:
    stop, finished = threading.Event(), []

    def visit(node: str) -> None:
        stop.set()
        finished.append(node)

    result = walk(DIAMOND, visit, stop=stop)
    assert finished == result.done == ["a"]
    assert result.skipped == ["b", "c", "d"]


def test_a_walk_that_is_stopped_before_it_starts_visits_nothing() -> None:
    stop = threading.Event()
    stop.set()
    assert walk(DIAMOND, failing("a", "b", "c", "d"), stop=stop).skipped == list(DIAMOND)


def test_what_is_no_exception_leaves_the_walk() -> None:
    def visit(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walk(DIAMOND, visit)


def test_a_cycle_is_refused_before_anything_is_visited() -> None:
    visited: list[str] = []
    with pytest.raises(CycleError):
        walk({"a": ["c"], "b": ["a"], "c": ["b"], "x": []}, visited.append)
    assert visited == []


def test_an_empty_graph_is_walked_at_once() -> None:
    nothing: dict[str, list[str]] = {}
    result = walk(nothing, failing())
    assert (result.done, result.failed, result.skipped) == ([], {}, [])


def test_reverse_turns_every_edge_round() -> None:
    assert reverse(DIAMOND) == {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}


def test_dependents_are_the_roots_and_all_above_them() -> None:
    assert dependents({**DIAMOND, "x": []}, ["b"]) == {"b", "d"}
    assert dependents(DIAMOND, ["a"]) == set(DIAMOND)
    assert dependents(DIAMOND, []) == set()


@given(dags(), st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_every_walk_keeps_the_order_and_loses_no_node(graph: dict[int, list[int]], bad: set[int], workers: int) -> None:
    finished: list[int] = []

    def visit(node: int) -> None:
        assert set(graph[node]) <= set(finished)
        if node in bad:
            raise ValueError(node)
        finished.append(node)

    result = walk(graph, visit, workers)
    assert all(isinstance(error, ValueError) for error in result.failed.values())
    assert sorted([*result.done, *result.failed, *result.skipped]) == sorted(graph)
    assert set(result.failed) | set(result.skipped) == dependents(graph, set(result.failed))
    assert set(result.failed) <= bad


@given(dags())
def test_reversing_twice_changes_nothing(graph: dict[int, list[int]]) -> None:
    assert {n: sorted(needs) for n, needs in reverse(reverse(graph)).items()} == {
        n: sorted(v) for n, v in graph.items()
    }
