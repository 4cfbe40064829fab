"""Deploys of changed code: how long they take, and how many calls they make."""

from benchmarks.comparison import Comparison
from benchmarks.local_project import local_project, sequential_round_trips
from benchmarks.noop import SLOW

_ROUND_TRIPS = 14


def measure() -> list[Comparison]:
    """Create a small project, change its code, deploy it, deploy it again without a change, and roll back."""
    with local_project() as project:
        up = project.run("up", "--yes")
        handler = project.project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(handler.read_text().replace('"library"', '"changed": True, "library"'))
        deploy, again, back = project.run("deploy"), project.run("deploy"), project.run("rollback")
        project.set_latency(SLOW)
        handler.write_text(handler.read_text().replace('"changed": True', '"changed": False'))
        trips = sequential_round_trips(project.run("deploy").spans)
    name = "deploy of a code change"
    return [
        Comparison(f"{name}, against up", deploy.seconds, up.seconds, 5),
        Comparison(f"{name}: sequential AWS round trips", trips, _ROUND_TRIPS, 1, faster=False, unit="trips"),
        Comparison("deploy without a change: mutating calls", again.mutating_calls, 1, 0, faster=False, unit="calls"),
        Comparison("rollback: mutating calls", back.mutating_calls, 1, 1, faster=False, unit="calls"),
    ]
