"""`up` with large libraries against the critical path without them, and a deploy of one more package.

The local cloud's builder runs on the CPUs of this machine. So its programs are counted in CPU time, which the builder's
CPUs would need; the wall time is printed beside it.
"""

import sys
import time
from dataclasses import dataclass

from benchmarks.comparison import Comparison
from benchmarks.critical_path import CREATION, critical_path, durations_of
from benchmarks.local_project import Event, LocalProject, event_in, local_project, seconds_by_resource
from benchmarks.process_usage import children_cpu_seconds

PACE = 0.5
_QUICK = 0.02  # of AWS's durations, for the deploy, of which only the CPU time counts
_VCPUS = 2  # of a t3.small, the default builder (EC2 instance types)
# The speed of its vCPU relative to a CPU of the machine of the saved results: a t3's is a hyperthread, half of a core
# (EC2 user guide, "CPU options"), of an Intel Xeon Platinum 8000 at up to 3.1 GHz.
_SPEED = 0.5
_PACKAGES = ("numpy", "pandas", "scikit-learn")
_ONE_MORE = "tabulate"
_CODE = "import numpy, pandas, sklearn.linear_model\n\ndef lambda_handler(event, context):\n    return {}\n"
_PROGRAMS = {"library-build": "building", "libraries": "publishing"}  # what the builder runs, by resource


@dataclass
class MeasuredRun:
    """A command whose builder is measured.

    Arguments:
        seconds: its wall time.
        events: its progress.
        wall: the wall time of the builder's program, by resource.
        cpu: its CPU time, likewise.
    """

    seconds: float
    events: list[Event]
    wall: dict[str, float]
    cpu: dict[str, float]

    @property
    def cpu_seconds(self) -> float:
        """The CPU time of all programs of the builder."""
        return sum(self.cpu.values())


def measure() -> list[Comparison]:
    """Measure an `up` of a new stack, then a deploy with one package more."""
    with local_project(pace=1.0) as project:
        durations = project.durations()
        project.set_durations(durations, PACE)
        project.project.edit("timeout: 10", "timeout: 60")  # seconds; imports may be slow on a busy machine
        _require(project, _PACKAGES, _CODE)
        up = _run(project, "up", "--yes")
        project.set_durations(durations, _QUICK)
        _require(project, (*_PACKAGES, _ONE_MORE), f"import {_ONE_MORE}\n{_CODE}")
        deploy = _run(project, "deploy")
        value, baseline = _against_critical_path(project, up, {k: PACE * seconds for k, seconds in durations.items()})
    names = "numpy, pandas and scikit-learn"
    return [
        Comparison(f"up with {names}, against the path without", value, baseline, 1.12, faster=False),
        Comparison("install one more package, against all of them", deploy.cpu_seconds, up.cpu_seconds, 3.3),
    ]


def _require(project: LocalProject, packages: tuple[str, ...], code: str) -> None:
    """Let the project's function use packages, and lock them: the resolution is not measured."""
    source = project.project.home / "lambda_src"
    (source / "requirements.txt").write_text("".join(f"{name}\n" for name in packages))
    (source / "lambda_function.py").write_text(code)
    project.run("lock")


def _run(project: LocalProject, *command: str) -> MeasuredRun:
    """Run a command; read the CPU time of the local cloud's children at each event.

    Raises:
        RuntimeError: it failed; carries its output.
    """
    start, process = time.monotonic(), project.project.start(*command)
    lines, samples = [], []
    for line in process.stderr or ():
        lines.append(line)
        if event := event_in(line):
            samples.append((event, children_cpu_seconds(project.cloud.pid)))
    if process.wait():
        raise RuntimeError(f"{command} exited with {process.returncode}: {''.join(lines)}")
    run = MeasuredRun(time.monotonic() - start, [event for event, _ in samples], {}, {})
    for resource, phase in _PROGRAMS.items():
        own = [(event, cpu) for event, cpu in samples if event.resource == resource]
        began, cpu_before = next(each for each in own if each[0].details.endswith(phase))
        ended, cpu_after = next(each for each in own if each[0].step == "ready")
        run.wall[resource], run.cpu[resource] = ended.second - began.second, cpu_after - cpu_before
    return run


def _against_critical_path(project: LocalProject, up: MeasuredRun, durations: dict[str, float]) -> tuple[float, float]:
    """Return the seconds of `up` with the builder's CPUs, and of the critical path without libraries."""
    graph = project.stack().graph()
    lasts, measured = durations_of(durations, CREATION), seconds_by_resource(up.events)
    on_builder = {name: seconds / (_VCPUS * _SPEED) for name, seconds in up.cpu.items()}
    modelled = {**measured, **{name: measured[name] - up.wall[name] + on_builder[name] for name in _PROGRAMS}}
    path = critical_path(graph, lasts)
    here = critical_path(graph, lambda r: measured.get(r.name, 0.0))
    there = critical_path(graph, lambda r: modelled.get(r.name, 0.0))
    seconds = up.seconds - here.seconds + there.seconds
    for name in _PROGRAMS:
        print(
            f"{name}: {up.wall[name]:.1f} s here, {up.cpu[name]:.1f} s of CPU time, so {on_builder[name]:.1f} s on "
            f"{_VCPUS} vCPUs at {_SPEED:g} of the speed here",
            file=sys.stderr,
        )
    print(f"up: {up.seconds:.1f} s here, so {seconds:.1f} s; its path here: {here}", file=sys.stderr)
    print(f"critical path without libraries: {path.seconds:.1f} s: {path}", file=sys.stderr)
    return seconds, path.seconds
