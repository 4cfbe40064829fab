"""Cold starts: imports common packages from a file system with latency, without a cache."""

import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import installation, mounting
from benchmarks.comparison import Comparison, Unavailable

_RUNS = 3  # of which the median counts
LATENCIES = (0.001, 0.0027)  # seconds: of a fast file system, and of a slow one
_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has a file system in memory there


def measure() -> list[Comparison]:
    """Measure the start pack, `pip install --target` without bytecode, and a warm local disk."""
    if reason := mounting.available():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        locked = installation.lock(work, installation.PACKAGES)
        (work / "efs").mkdir()
        installation.pip(work / "efs" / "pip", locked.requirements, "--no-compile")
        installation.install(work / "efs", locked, work)
        return [comparison for seconds in LATENCIES for comparison in _compare(work, seconds)]


def _compare(work: Path, seconds: float) -> list[Comparison]:
    """Return the comparisons at a latency."""
    environment = work / "efs" / "envs" / "new"
    installation.import_seconds(environment)  # warms the local disk's cache
    pip = _cold(work, seconds, lambda mount: installation.import_seconds(mount / "pip"))
    runs = _alternating(lambda: _cold(work, seconds, _unpacked), lambda: installation.import_seconds(environment))
    own, warm = (statistics.median(each) for each in runs)
    at = f"at {seconds * 1000:g} ms"
    return [
        Comparison(f"cold start {at}, against pip --target without bytecode", own, pip, 7),
        Comparison(f"cold start {at}, as a multiple of a warm local disk", own, warm, 1.25, faster=False),
    ]


def _alternating(*measurements: Callable[[], float]) -> list[list[float]]:
    """Return the values of measurements that take turns, as the speed of a shared machine varies."""
    rounds = [[measurement() for measurement in measurements] for _ in range(_RUNS)]
    return [list(each) for each in zip(*rounds, strict=True)]


def _cold(work: Path, seconds: float, measurement: Callable[[Path], float]) -> float:
    """Measure on a new mount, while the disk is idle."""
    os.sync()
    with mounting.mounted(work / "efs", work / "mount", seconds) as mount:
        return measurement(mount)


def _unpacked(mount: Path) -> float:
    """Measure with the start pack, unpacked to an empty directory in memory: Lambda's /tmp is empty and idle.

    A disk in use is neither. ext4 skips each inode that was deleted in the last minute, so that creating a file takes
    ten times as long where an installation has just deleted its files. Without a file system in memory, the disk is
    used.
    """
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as directory:
        return installation.import_seconds(mount / "envs" / "new", Path(directory))
