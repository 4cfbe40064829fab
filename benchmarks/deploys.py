"""Changing what runs: how long a deploy of code takes and how many calls it makes, and what one more package costs."""

import resource
import tempfile
from pathlib import Path

from benchmarks import libraries
from benchmarks.bars import Bar
from benchmarks.clouds import bench, depth

_PACKAGES = ("numpy", "pandas", "scikit-learn")
_TRIPS = 14
_SLOW = 3.0  # seconds a call: much more than what awsprov takes between two of them
_CODE = "import numpy, pandas, sklearn.linear_model\n"


def measure() -> list[Bar]:
    """A small project: made, changed, deployed again without a change, rolled back."""
    with bench() as here:
        up = here.run("up", "--yes")
        handler = here.project.home / "lambda_src" / "lambda_function.py"
        handler.write_text(handler.read_text().replace('"library"', '"changed": True, "library"'))
        deploy, again, back = here.run("deploy"), here.run("deploy"), here.run("rollback")
        here.latency(_SLOW)
        handler.write_text(handler.read_text().replace('"changed": True', '"changed": False'))
        trips = depth(here.run("deploy").spans)
    return [
        *_one_more_package(),
        Bar("deploy of a code change, against up", deploy.seconds, up.seconds, 5),
        Bar(
            "deploy of a code change: AWS round trips one after the other", trips, _TRIPS, 1, faster=False, unit="trips"
        ),
        Bar("deploy without a change: calls that change", again.changing, 1, 0, faster=False, unit="calls"),
        Bar("rollback: calls that change", back.changing, 1, 1, faster=False, unit="calls"),
    ]


def _one_more_package() -> list[Bar]:
    """The first installation of some large packages, then one with a small package more, on the same builder.

    Seconds of the processor: a local disk is faster than EFS, and an index nearer than most.
    """
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        (work / "efs").mkdir()
        first, both = libraries.lock(work, _PACKAGES).read_text(), libraries.lock(work, (*_PACKAGES, "tabulate"))
        requirements = work / "first.txt"
        requirements.write_text(first)
        before = _processor()
        libraries.install(work / "efs", requirements, work, "first", code=_CODE)
        between = _processor()
        libraries.install(work / "efs", both, work, "second", code=f"{_CODE}import tabulate\n", after="first")
        after = _processor()
    return [Bar("install one more package, against all of them", after - between, between - before, 3.3)]


def _processor() -> float:
    """The seconds of the processor that processes which this one started have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
