"""How long a run takes: the critical path through what is to be done, at the typical times of each resource."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from awsprov.engine.graph import Graph, reverse
from awsprov.engine.plan import Change, Plan
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack

_MINUTE = 60
_UPDATE = 3.0  # seconds that an update in place typically takes on AWS
_DELETE = 3.0  # seconds that deleting what the configuration no longer declares typically takes
_LOCAL = 1.0  # seconds that anything but the libraries takes at most on the local cloud
_OVERDUE = 0.2  # the share of its time so far that a step which takes longer than usual is expected to need still


class CriticalPath(NamedTuple):
    """The chain of dependent steps that takes longest.

    Arguments:
        seconds: how long it takes; None when the time of a step is unknown.
        names: the resources on it that take any time, in order.
    """

    seconds: float | None = None
    names: tuple[str, ...] = ()


class Forecast:
    """The expected times of a run.

    Arguments:
        graph: the resources of the run, each with those that must be done before it; those come first.
        seconds: the expected seconds of each resource that has something to do; None when unknown.
        complete: whether it is known what will be done and how long that takes; otherwise the run has no expected time.
    """

    def __init__(self, graph: Graph[Resource], seconds: Mapping[Resource, float | None], complete: bool = True) -> None:
        self.graph, self.seconds, self.complete = graph, seconds, complete

    def typical(self, name: str) -> float | None:
        """Return the expected seconds of the resource of that name; None when unknown."""
        return next((seconds for r, seconds in self.seconds.items() if r.name == name), None)

    def remaining(self, elapsed: Mapping[str, float], ended: Collection[str]) -> CriticalPath:
        """Return the critical path through what is left.

        Arguments:
            elapsed: the seconds that each running resource has taken so far, by name.
            ended: the names of the resources that are done.
        """
        if not self.complete:
            return CriticalPath()
        paths: dict[Resource, CriticalPath] = {}
        for r, needs in self.graph.items():
            before = max((paths[need] for need in needs), key=_length, default=CriticalPath(0.0))
            pending = r in self.seconds and r.name not in ended
            own = _left(self.seconds[r], elapsed.get(r.name)) if pending else 0.0
            names = (*before.names, r.name) if own != 0.0 else before.names
            paths[r] = CriticalPath((before.seconds or 0.0) + (own or 0.0), names)
        longest = max(paths.values(), key=_length, default=CriticalPath(0.0))
        unknown = any(seconds is None for r, seconds in self.seconds.items() if r.name not in ended)
        return CriticalPath(None if unknown else longest.seconds, longest.names)


def forecast_up(plan: Plan, stack: Stack, local: bool) -> Forecast:
    """Return what `up` takes for a plan, without the deletions at its end.

    Arguments:
        plan: what is to be done.
        stack: the declared resources.
        local: whether the stack is on the local cloud.
    """
    due = {change.resource: change for change in plan.changes if change.action in ("create", "change", "replace")}
    return Forecast(_subgraph(due, stack), {r: _change_seconds(change, local) for r, change in due.items()})


def forecast_subset(resources: Collection[Resource], stack: Stack, local: bool) -> Forecast:
    """Return what a run takes that compares these resources and does what is needed, which is not known before."""
    seconds = {r: _create_seconds(r, local) for r in resources}
    return Forecast(_subgraph(resources, stack), seconds, complete=False)


def forecast_down(resources: Collection[Resource], stack: Stack) -> Forecast:
    """Return the order in which these resources are deleted. How long that takes is unknown."""
    reversed_graph = reverse(_subgraph(resources, stack))
    return Forecast({r: reversed_graph[r] for r in reversed(reversed_graph)}, dict.fromkeys(resources), complete=False)


def expected_seconds(plan: Plan, stack: Stack, local: bool) -> float:
    """Return the seconds that a plan typically takes."""
    deleting = _DELETE if plan.of("delete") else 0.0
    return (forecast_up(plan, stack, local).remaining({}, ()).seconds or 0.0) + deleting


def format_duration(seconds: float) -> str:
    """Return a duration for people, rounded: `40 s`, `1 min 40 s`, `7 min`."""
    rounded = max(5 * round(seconds / 5), 5)
    if rounded < _MINUTE:
        return f"{rounded} s"
    minutes, rest = divmod(rounded, _MINUTE)
    return f"{minutes} min {rest} s" if rest and minutes < 5 else f"{round(seconds / _MINUTE)} min"  # noqa: PLR2004 - above five minutes, seconds say nothing


def _subgraph(chosen: Collection[Resource], stack: Stack) -> dict[Resource, list[Resource]]:
    """Return the chosen resources, each with the chosen ones that it needs, directly or through others."""
    before: dict[Resource, list[Resource]] = {}
    for r, needs in stack.graph().items():
        reached = dict.fromkeys(each for need in needs for each in ([need] if need in chosen else before[need]))
        before[r] = list(reached)
    return {r: before[r] for r in before if r in chosen}


def _change_seconds(change: Change, local: bool) -> float:
    if change.action == "change":
        return min(_UPDATE, _LOCAL) if local else _UPDATE
    seconds = _create_seconds(change.resource, local)
    return 2 * seconds if change.action == "replace" else seconds


def _create_seconds(r: Resource, local: bool) -> float:
    real = not local or r.area == "libraries"  # libraries are really installed on the local cloud, too
    return r.typical_seconds if real else min(r.typical_seconds, _LOCAL)


def _length(path: CriticalPath) -> float:
    return path.seconds or 0.0


def _left(typical: float | None, elapsed: float | None) -> float | None:
    """Return the seconds that a step still takes; one that is overdue is given a share of what it took so far."""
    if typical is None or elapsed is None:
        return typical
    return max(typical - elapsed, _OVERDUE * elapsed)
