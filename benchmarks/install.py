"""Installing scikit-learn onto a file system with latency: awsprov's way against `pip install --target`."""

import tempfile
from pathlib import Path

from benchmarks import latency, libraries
from benchmarks.bars import Bar, Unavailable


def measure() -> list[Bar]:
    """Both, each onto a fresh mount; the wheels were downloaded before."""
    if reason := latency.available():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        requirements = libraries.lock(work, ("scikit-learn",))
        libraries.pip(work / "warm", requirements, "--no-compile")
        (work / "efs").mkdir()
        with latency.mounted(work / "efs", work / "mount") as mount:
            ours = libraries.install(mount, requirements, work)
        with latency.mounted(work / "efs", work / "mount") as mount:
            theirs = libraries.pip(mount / "pip", requirements)
    return [Bar("install scikit-learn, against pip install --target", ours, theirs, 6)]
