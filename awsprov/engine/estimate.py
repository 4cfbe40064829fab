"""How long a run takes: the longest way through what is to be done, at the times that are usual here."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from awsprov.engine.graph import Graph, reverse
from awsprov.engine.plan import Change, Plan
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.engine.timings import Durations

_MINUTE = 60
_DELETING = 3.0  # seconds that what is no longer asked for usually takes to go
_OVERDUE = 0.2  # of what it has taken so far: how much longer what is late is given


class CriticalPath(NamedTuple):
    """The longest way through what is left.

    Arguments:
        seconds: how long it takes; None when nobody knows that of something on it.
        names: the resources on it that take any time, in order.
    """

    seconds: float | None = None
    names: tuple[str, ...] = ()


class Forecast:
    """What a run has before it.

    Arguments:
        graph: the resources that it is about, each with what must be done before it, those first.
        takes: seconds for each that there is something to do with; None when nobody knows.
        sure: whether it is known what will be done; otherwise nothing is said of the whole.
    """

    def __init__(self, graph: Graph[Resource], takes: Mapping[Resource, float | None], sure: bool = True) -> None:
        self.graph, self.takes, self.sure = graph, takes, sure

    def usual(self, name: str) -> float | None:
        """Seconds that the resource of that name usually takes."""
        return next((seconds for r, seconds in self.takes.items() if r.name == name), None)

    def left(self, spent: Mapping[str, float], ended: Collection[str]) -> CriticalPath:
        """The longest way through what is left.

        Arguments:
            spent: seconds that those under way have taken so far, by name.
            ended: the names of those that are done with.
        """
        if not self.sure:
            return CriticalPath()
        ways: dict[Resource, CriticalPath] = {}
        for r, needs in self.graph.items():
            before = max((ways[need] for need in needs), key=lambda way: way.seconds or 0.0, default=CriticalPath(0.0))
            own = 0.0 if r.name in ended or r not in self.takes else _remaining(self.takes[r], spent.get(r.name))
            names = (*before.names, r.name) if own != 0.0 else before.names
            ways[r] = CriticalPath((before.seconds or 0.0) + (own or 0.0), names)
        longest = max(ways.values(), key=lambda way: way.seconds or 0.0, default=CriticalPath(0.0))
        unknown = any(seconds is None for r, seconds in self.takes.items() if r.name not in ended)
        return CriticalPath(None if unknown else longest.seconds, longest.names)


def making(plan: Plan, stack: Stack, durations: Durations) -> Forecast:
    """What a plan has before it; what is deleted at the end is not counted, for nobody waits for it long."""
    due = {change.resource: change for change in plan.changes if change.action in ("create", "change", "replace")}
    return Forecast(_among(due, stack), {r: _takes(change, durations) for r, change in due.items()})


def working_on(resources: Collection[Resource], stack: Stack, durations: Durations) -> Forecast:
    """What a run has before it that looks at these and does what is needed: nobody knows yet how much that is."""
    return Forecast(_among(resources, stack), {r: durations.usual(r, "create") for r in resources}, sure=False)


def removing(resources: Collection[Resource], stack: Stack, durations: Durations) -> Forecast:
    """What it takes to delete these."""
    turned = reverse(_among(resources, stack))
    graph = {r: turned[r] for r in reversed(turned)}  # those first that go first
    return Forecast(graph, {r: durations.usual(r, "delete") for r in resources})


def seconds(plan: Plan, stack: Stack, durations: Durations) -> float:
    """Seconds that a plan usually takes."""
    deleting = _DELETING if plan.of("delete") else 0.0
    return (making(plan, stack, durations).left({}, ()).seconds or 0.0) + deleting


def span(duration: float) -> str:
    """A duration as people say it."""
    rounded = max(5 * round(duration / 5), 5)
    if rounded < _MINUTE:
        return f"{rounded} s"
    minutes, rest = divmod(rounded, _MINUTE)
    return f"{minutes} min {rest} s" if rest and minutes < 5 else f"{round(duration / _MINUTE)} min"  # noqa: PLR2004


def _among(chosen: Collection[Resource], stack: Stack) -> dict[Resource, list[Resource]]:
    """The part of the stack's graph that is about these: each with those of them that it waits for, however far."""
    before: dict[Resource, list[Resource]] = {}
    for r, needs in stack.graph().items():
        waited = dict.fromkeys(each for need in needs for each in ([need] if need in chosen else before[need]))
        before[r] = list(waited)
    return {r: before[r] for r in before if r in chosen}


def _takes(change: Change, durations: Durations) -> float | None:
    if change.action == "change":
        return durations.usual(change.resource, "change")
    takes = durations.usual(change.resource, "create")
    away = durations.usual(change.resource, "delete") or takes
    return takes + (away or 0.0) if takes is not None and change.action == "replace" else takes


def _remaining(usual: float | None, spent: float | None) -> float | None:
    """Seconds still to go; what is overdue is given a little more each time one looks."""
    if usual is None or spent is None:
        return usual
    return max(usual - spent, _OVERDUE * spent)
