"""A cold start: importing a usual set of requirements from a file system with latency, nothing of it cached."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import latency, libraries
from benchmarks.bars import Bar, Unavailable

RUNS = 3  # the median of so many, in turn, as this machine's other work comes and goes

_FORGETS = 70  # seconds until ext4 no longer passes over what the installation has deleted


def measure() -> list[Bar]:
    """Ours with the start pack; `pip install --target` without bytecode; and a warm local disk."""
    if reason := latency.available():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        requirements = libraries.lock(work, libraries.EVERYTHING)
        (work / "efs").mkdir()
        libraries.pip(work / "efs" / "pip", requirements, "--no-compile")
        libraries.install(work / "efs", requirements, work)
        environment = work / "efs" / "envs" / "ours"
        time.sleep(_FORGETS)
        libraries.imported(environment)  # warms the local disk's cache
        took = _in_turn(
            lambda: _cold(work, lambda mount: libraries.imported(mount / "envs" / "ours", _fresh(work))),
            lambda: _cold(work, lambda mount: libraries.imported(mount / "pip")),
            lambda: libraries.imported(environment),
        )
    ours, plain, warm = (statistics.median(each) for each in took)
    return [
        Bar("cold start, against pip --target without bytecode", ours, plain, 4.5),
        Bar("cold start, as a multiple of a warm local disk", ours, warm, 1.6, faster=False),
    ]


def _in_turn(*measurements: Callable[[], float]) -> list[list[float]]:
    rounds = [[measurement() for measurement in measurements] for _ in range(RUNS)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _cold(work: Path, measurement: Callable[[Path], float]) -> float:
    """On a fresh mount, while the disk is at rest."""
    os.sync()
    with latency.mounted(work / "efs", work / "mount") as mount:
        return measurement(mount)


def _fresh(work: Path) -> Path:
    """A temporary directory as Lambda gives one.

    None is emptied for the next: ext4 passes over each inode that was deleted in the last minute, so that making a file
    takes ten times as long where thousands have just gone.
    """
    return Path(tempfile.mkdtemp(dir=work))
