"""How long `up` will take: the longest way through what is to be made, at the times that AWS usually takes."""

from awsprov.plan import Plan
from awsprov.resource import Resource
from awsprov.stack import Stack

_MINUTE = 60
_CHANGE = 3.0  # seconds that a change in place usually takes


def seconds(plan: Plan, stack: Stack) -> float:
    """Seconds that AWS usually takes for a plan; a replacement counts twice, for it is deleted first."""
    actions = {change.resource: change.action for change in plan.changes}
    ends: dict[Resource, float] = {}
    for resource, needs in stack.graph().items():  # in order: what is needed comes first
        takes = {"create": resource.usually, "change": _CHANGE, "replace": 2 * resource.usually}
        begins = max((ends[need] for need in needs), default=0.0)
        ends[resource] = begins + takes.get(actions.get(resource, "keep"), 0.0)
    deleting = _CHANGE if plan.of("delete") else 0.0
    return max(ends.values(), default=0.0) + deleting


def span(duration: float) -> str:
    """A duration as people say it."""
    if duration < _MINUTE:
        return f"{max(5 * round(duration / 5), 5)} s"
    return f"{round(duration / _MINUTE)} min"
