"""A second `up`, and `plan`: nothing is to be done, and all the time goes into looking."""

import statistics

from awsprov.config.loader import load
from awsprov.engine.resource import Resource
from awsprov.resources.iam import IamResource
from awsprov.stack.declaration import declare_stack
from benchmarks.bars import Bar
from benchmarks.clouds import Bench, bench, depth

LATENCY = 0.05  # seconds a call, as over the internet
_SLOW = 3.0  # seconds a call: much more than what we ourselves take, so that no doubt is left which waited for which
_DEPTH = 4
_RUNS = 9
_TERRAFORM = 4.2  # seconds that Terraform took for a like stack, with the same latency


def measure() -> list[Bar]:
    """Rows of calls with three seconds a call, wall time with 50 ms a call."""
    with bench() as here:
        here.run("up", "--yes")
        here.run("invoke")  # waits until the cloud has made the Lambda runtime, which would take one of two cores
        here.latency(_SLOW)
        up, plan = here.run("up", "--yes"), here.run("plan")
        here.latency(LATENCY)
        wall = statistics.median(here.run("up", "--yes").seconds for _ in range(_RUNS))
        allowed = _allowed(here)
    return [
        Bar("no-op up: AWS round trips one after the other", depth(up.spans), _DEPTH, 1, False, "trips"),
        Bar("plan: AWS round trips one after the other", depth(plan.spans), _DEPTH, 1, False, "trips"),
        Bar(
            "no-op up: calls, of one a type and one for each without a listing of tags",
            len(up.spans),
            allowed,
            1,
            False,
            "calls",
        ),
        Bar("no-op up and plan: calls that change", up.changing + plan.changing, 1, 0, False, "calls"),
        Bar("no-op up with 50 ms a call, against Terraform's", wall, _TERRAFORM, _TERRAFORM / 1.0),
    ]


def _allowed(here: Bench) -> int:
    """A call for each type in the stack, and one for each resource that AWS does not list with its tags."""
    stack = declare_stack(load(here.project.config), "203.0.113.7/32")
    return len({type(r) for r in stack}) + sum(not _is_listed_with_tags(type(r)) for r in stack)


def _is_listed_with_tags(kind: type[Resource]) -> bool:
    has_listing = kind.owned.__func__ is not Resource.owned.__func__  # type: ignore[attr-defined]
    return has_listing and not issubclass(kind, IamResource)
