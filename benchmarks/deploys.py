"""Changing what runs, against the cloud on this machine: how long a deploy takes, and how many calls it makes."""

import tempfile
import time
from pathlib import Path

from awsprov import local
from benchmarks.bars import Bar
from tests.e2e.projects import Project, lay_out

_READS = ("Get", "List", "Describe", "Lookup")


def measure() -> list[Bar]:
    """A small project: made, changed, deployed again without a change, rolled back."""
    with tempfile.TemporaryDirectory() as directory:
        state = Path(directory) / "state"
        (state / "local").mkdir(parents=True)
        local.start(state / "local")
        try:
            return _measured(lay_out(Path(directory) / "project", "bench", state))
        finally:
            local.stop(state / "local")


def _measured(project: Project) -> list[Bar]:
    up, _ = _ran(project, "up", "--yes")
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace('"library"', '"changed": True, "library"'))
    deploy, calls = _ran(project, "deploy")
    _, again = _ran(project, "deploy")
    _, back = _ran(project, "rollback")
    return [
        Bar("deploy of a code change, against up", deploy, up, 5),
        Bar("deploy of a code change: calls, of 12", len(calls), 12, 1, faster=False, unit="calls"),
        Bar("deploy without a change: calls that change", _changing(again), 1, 0, faster=False, unit="calls"),
        Bar("rollback: calls that change", _changing(back), 1, 1, faster=False, unit="calls"),
    ]


def _ran(project: Project, *command: str) -> tuple[float, list[str]]:
    """Seconds, and the calls that the cloud heard."""
    cloud = local.find(project.state_dir / "local")
    if cloud is None:
        raise RuntimeError("the cloud on this machine has gone")
    cloud.ask("DELETE", "calls")
    began = time.monotonic()
    process = project.start(*command)  # cold, as people start it
    told = process.communicate(timeout=project.patience)
    if process.returncode:
        raise RuntimeError(f"{command} exited with {process.returncode}: {told}")
    return time.monotonic() - began, list(cloud.ask("GET", "calls")["calls"])


def _changing(calls: list[str]) -> int:
    return sum(not call.partition(":")[2].startswith(_READS) for call in calls)
