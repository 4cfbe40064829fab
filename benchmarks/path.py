"""`up` and `down` against their critical paths, `up` against one worker, and against Terraform's `apply`."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from benchmarks.comparison import Comparison, Unavailable
from benchmarks.critical_path import CREATION, DELETION, CriticalPath, critical_path, deletion_graph, durations_of
from benchmarks.local_project import LocalProject, Run, local_project, seconds_by_resource
from benchmarks.terraform import Terraform, export

T = TypeVar("T")
PACE = 0.5  # of AWS's durations, for creations; deletions take as long as on AWS
_QUICK = 0.02  # of all durations, for the comparison with one worker
_STAGGER = 15.0  # seconds between commands that run at the same time: a command that starts needs the CPUs


def measure() -> list[Comparison]:
    """Measure one worker; then a creation, a deletion of another stack and Terraform's creation, at the same time."""
    with local_project(pace=1.0) as project:
        durations = project.durations()
        project.set_durations(durations, _QUICK)
        many = project.run("up", "--yes")
        project.run("down", "--yes")
        one = project.run("up", "--yes", module=("benchmarks.one_worker",))
        terraform = _exported(project)
        project.set_durations(durations, PACE)
        project.set_durations({name: durations[name] for names in DELETION.values() for name in names})
        return [
            Comparison("up, against up with one worker", many.seconds, one.seconds, 1.2),
            *_at_the_same_time(project, terraform, durations),
        ]


def _exported(project: LocalProject) -> Terraform | None:
    """Return Terraform with the files of a stack like the project's; None without Terraform."""
    try:
        terraform = export(project)
    except Unavailable as reason:
        print(f"up, against Terraform's apply: not measured: {reason}", file=sys.stderr)
        return None
    terraform.create_as("terraform", former=project.project.name)
    return terraform


def _at_the_same_time(
    project: LocalProject, terraform: Terraform | None, durations: dict[str, float]
) -> list[Comparison]:
    """Create another stack, delete the project's and let Terraform create one: all three mostly wait."""
    other = project.beside("other")
    with ThreadPoolExecutor() as pool:
        applying = pool.submit(terraform.apply) if terraform else None  # takes longest
        creating = pool.submit(_after, _STAGGER, lambda: other.run("up", "--yes"))
        deleting = pool.submit(_after, 2 * _STAGGER, lambda: project.run("down", "--yes"))
    up, down = creating.result(), deleting.result()
    scaled = {name: seconds * PACE for name, seconds in durations.items()}
    created = _printed("up", up, _creation(other, scaled, seconds_by_resource(up.events)))
    deleted = _printed("down", down, _deletion(other, durations))
    compared = [
        Comparison("up, against its critical path", up.seconds, created.seconds, 1.08, faster=False),
        Comparison("down, against its critical path", down.seconds, deleted.seconds, 1.08, faster=False),
    ]
    try:
        apply = applying.result() if applying else None
    except Unavailable as reason:
        print(f"up, against Terraform's apply: not measured: {reason}", file=sys.stderr)
        return compared
    limit = [Comparison("up, against Terraform's apply", up.seconds, apply, 0.87, faster=False)] if apply else []
    return [*compared, *limit]


def _after(seconds: float, command: Callable[[], T]) -> T:
    time.sleep(seconds)
    return command()


def _creation(project: LocalProject, durations: dict[str, float], measured: dict[str, float]) -> CriticalPath:
    """Return the critical path of `up`; of the libraries it has the measured seconds."""
    lasts = durations_of(durations, CREATION)
    graph = project.stack().graph()
    return critical_path(graph, lambda r: measured.get(r.name, 0.0) if r.area == "libraries" else lasts(r))


def _deletion(project: LocalProject, durations: dict[str, float]) -> CriticalPath:
    graph = project.stack().graph()
    return critical_path(deletion_graph(graph), durations_of(durations, DELETION))


def _printed(command: str, run: Run, path: CriticalPath) -> CriticalPath:
    print(f"{command}: {run.seconds:.1f} s; its critical path takes {path.seconds:.1f} s: {path}", file=sys.stderr)
    return path
