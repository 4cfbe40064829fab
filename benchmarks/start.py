"""A cold start: importing a usual set of requirements from a file system with latency, nothing of it cached."""

import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import latency, libraries
from benchmarks.bars import Bar, Unavailable

RUNS = 3  # the median of so many, in turn, as this machine's other work comes and goes
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system of memory, as Linux has it there


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
        libraries.imported(environment)  # warms the local disk's cache
        took = _in_turn(
            lambda: _cold(work, _brought),
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


def _brought(mount: Path) -> float:
    """By the start pack, to a temporary directory as Lambda gives one: of a file system on which nothing ever was.

    A disk in use is none. ext4 passes over each inode that was deleted in the last minute, so that making a file takes
    ten times as long where an installation has just tidied up. Where there is no memory to be had, the disk it is.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as fresh:
        return libraries.imported(mount / "envs" / "ours", Path(fresh))
