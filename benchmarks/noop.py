"""A second `up`, and `plan`, with nothing to do; and Terraform's `plan` of the same stack in the same cloud."""

import statistics

from awsprov.config.loader import load
from awsprov.engine.resource import Resource
from awsprov.resources.iam import IamResource
from awsprov.stack.declaration import declare_stack
from benchmarks.bars import Bar, Unavailable
from benchmarks.clouds import Bench, bench, depth
from benchmarks.terraform import exported

LATENCY = 0.05  # seconds a call, as over the internet
_SLOW = 3.0  # seconds a call: much more than what we ourselves take, so that no doubt is left which waited for which
_DEPTH = 4
_RUNS = 9
_TERRAFORM_RUNS = 3


def measure() -> list[Bar]:
    """Measure sequences of calls with three seconds a call, and wall time with 50 ms a call."""
    with bench() as here:
        here.run("up", "--yes")
        here.run("invoke")  # waits until the cloud has made the Lambda runtime, which would take one of two cores
        here.latency(_SLOW)
        up, plan = here.run("up", "--yes"), here.run("plan")
        here.latency(LATENCY)
        wall = statistics.median(here.run("up", "--yes").seconds for _ in range(_RUNS))
        allowed = _allowed(here)
        against_terraform = _against_terraform(here, wall)
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
        *against_terraform,
    ]


def _against_terraform(here: Bench, wall: float) -> list[Bar]:
    """Return the bar of a no-op `up`; none without Terraform. Terraform imports the stack first."""
    try:
        here.cloud.admin_request("DELETE", "faults")
        terraform = exported(here)
        terraform.apply()
        here.latency(LATENCY)
        seconds = statistics.median(terraform.plan() for _ in range(_TERRAFORM_RUNS))
    except Unavailable as reason:
        print(f"no-op up, against Terraform's plan: not measured: {reason}")
        return []
    return [Bar("no-op up with 50 ms a call, against Terraform's plan", wall, seconds, 3.2)]


def _allowed(here: Bench) -> int:
    """A call for each type in the stack, and one for each resource that AWS does not list with its tags."""
    stack = declare_stack(load(here.project.config), "203.0.113.7/32")
    return len({type(r) for r in stack}) + sum(not _is_listed_with_tags(type(r)) for r in stack)


def _is_listed_with_tags(kind: type[Resource]) -> bool:
    has_listing = kind.owned.__func__ is not Resource.owned.__func__  # type: ignore[attr-defined]
    return has_listing and not issubclass(kind, IamResource)
