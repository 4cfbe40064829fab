"""A cold start: importing a usual set of requirements from a file system with latency, nothing of it cached."""

import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import latency, libraries
from benchmarks.bars import Bar, Unavailable

RUNS = 5  # the median of so many, in turn, as this machine's other work comes and goes
LATENCIES = (0.001, 0.0027)  # seconds: of a fast file system, and of one that is slow
_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system of memory, as Linux has it there


def measure() -> list[Bar]:
    """Measure the start pack, `pip install --target` without bytecode, and a warm local disk."""
    if reason := latency.available():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        requirements = libraries.lock(work, libraries.EVERYTHING)
        (work / "efs").mkdir()
        libraries.pip(work / "efs" / "pip", requirements, "--no-compile")
        libraries.install(work / "efs", requirements, work)
        return [bar for look in LATENCIES for bar in _bars(work, look)]


def _bars(work: Path, look: float) -> list[Bar]:
    """Return the bars at a latency."""
    environment = work / "efs" / "envs" / "ours"
    libraries.imported(environment)  # warms the local disk's cache
    plain = _cold(work, look, lambda mount: libraries.imported(mount / "pip"))
    took = _in_turn(lambda: _cold(work, look, _unpacked), lambda: libraries.imported(environment))
    ours, warm = (statistics.median(each) for each in took)
    at = f"at {look * 1000:g} ms"
    return [
        Bar(f"cold start {at}, against pip --target without bytecode", ours, plain, 5),
        Bar(f"cold start {at}, as a multiple of a warm local disk", ours, warm, 1.4, faster=False),
    ]


def _in_turn(*measurements: Callable[[], float]) -> list[list[float]]:
    rounds = [[measurement() for measurement in measurements] for _ in range(RUNS)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _cold(work: Path, look: float, measurement: Callable[[Path], float]) -> float:
    """Measure on a fresh mount, while the disk is at rest."""
    os.sync()
    with latency.mounted(work / "efs", work / "mount", look) as mount:
        return measurement(mount)


def _unpacked(mount: Path) -> float:
    """Measure with the start pack, unpacked to a temporary directory as Lambda has one: empty and never used.

    A disk in use is neither. ext4 skips each inode that was deleted in the last minute, so that creating a file takes
    ten times as long where an installation has just deleted its files. Without a file system in memory, the disk is
    used.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as fresh:
        return libraries.imported(mount / "envs" / "ours", Path(fresh))
