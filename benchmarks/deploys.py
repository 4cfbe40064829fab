"""Changing what runs, against the cloud on this machine: how long a deploy takes, and how many calls it makes."""

from benchmarks.bars import Bar
from benchmarks.clouds import bench


def measure() -> list[Bar]:
    """A small project: made, changed, deployed again without a change, rolled back."""
    with bench() as here:
        up = here.run("up", "--yes")
        handler = here.project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(handler.read_text().replace('"library"', '"changed": True, "library"'))
        deploy, again, back = here.run("deploy"), here.run("deploy"), here.run("rollback")
    return [
        Bar("deploy of a code change, against up", deploy.seconds, up.seconds, 5),
        Bar("deploy of a code change: calls, of 12", len(deploy.spans), 12, 1, faster=False, unit="calls"),
        Bar("deploy without a change: calls that change", again.changing, 1, 0, faster=False, unit="calls"),
        Bar("rollback: calls that change", back.changing, 1, 1, faster=False, unit="calls"),
    ]
