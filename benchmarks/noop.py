"""A second `up` and `plan`, which change nothing, and Terraform's `plan` of the same stack in the same cloud."""

import statistics
import sys

from awsprov.engine.resource import Resource
from awsprov.resources.iam import IamResource
from awsprov.resources.storage.file_system import MountTarget
from benchmarks.comparison import Comparison, Unavailable
from benchmarks.local_project import LocalProject, local_project, sequential_round_trips
from benchmarks.terraform import export

LATENCY = 0.05  # seconds per call, as over the internet
SLOW = 1.0  # seconds per call: much longer than awsprov takes between two of them, so that the sequence is certain
_ROUND_TRIPS = 4
_RUNS = 7
_TERRAFORM_RUNS = 3


def measure() -> list[Comparison]:
    """Measure sequences of calls with a second per call, and wall time with 50 ms per call."""
    with local_project() as project:
        project.run("up", "--yes")
        project.run("invoke")  # waits until the Lambda runtime is installed, which takes one of two CPUs
        project.set_latency(SLOW)
        up, plan = project.run("up", "--yes"), project.run("plan")
        project.set_latency(LATENCY)
        wall = statistics.median(project.run("up", "--yes").seconds for _ in range(_RUNS))
        expected = _expected_calls(project)
        against_terraform = _against_terraform(project, wall)
    trips = [sequential_round_trips(run.spans) for run in (up, plan)]
    mutating = up.mutating_calls + plan.mutating_calls
    return [
        Comparison("no-op up: sequential AWS round trips", trips[0], _ROUND_TRIPS, 1, faster=False, unit="trips"),
        Comparison("plan: sequential AWS round trips", trips[1], _ROUND_TRIPS, 1, faster=False, unit="trips"),
        Comparison("no-op up: calls", len(up.spans), expected, 1, faster=False, unit="calls"),
        Comparison("no-op up and plan: mutating calls", mutating, 1, 0, faster=False, unit="calls"),
        *against_terraform,
    ]


def _against_terraform(project: LocalProject, seconds: float) -> list[Comparison]:
    """Compare the seconds of a second `up` with Terraform's plan, after an import; nothing without Terraform."""
    try:
        project.set_latency(0)
        terraform = export(project)
        terraform.apply()
        project.set_latency(LATENCY)
        plan = statistics.median(terraform.plan() for _ in range(_TERRAFORM_RUNS))
    except Unavailable as reason:
        print(f"no-op up, against Terraform's plan: not measured: {reason}", file=sys.stderr)
        return []
    return [Comparison("no-op up with 50 ms a call, against Terraform's plan", seconds, plan, 4)]


def _expected_calls(project: LocalProject) -> int:
    """Return one call for each type in the stack, and one for each resource that AWS does not list with its tags."""
    stack = project.stack()
    return len({type(r) for r in stack}) + sum(not _is_listed_with_tags(type(r)) for r in stack)


def _is_listed_with_tags(kind: type[Resource]) -> bool:
    has_listing = kind.owned.__func__ is not Resource.owned.__func__  # type: ignore[attr-defined]
    return has_listing and not issubclass(kind, IamResource | MountTarget)
