"""Installs scikit-learn onto a file system with latency, as awsprov does and with `pip install --target`."""

import tempfile
from pathlib import Path

from benchmarks import installation, mounting
from benchmarks.comparison import Comparison, Unavailable


def measure() -> list[Comparison]:
    """Measure both, each on a new mount. The wheels were downloaded before."""
    if reason := mounting.available():
        raise Unavailable(reason)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        locked = installation.lock(work, ("scikit-learn",))
        installation.download(work / "wheels", locked.requirements)
        (work / "efs").mkdir()
        with mounting.mounted(work / "efs", work / "mount") as mount:
            own = installation.install(mount, locked, work)
        with mounting.mounted(work / "efs", work / "mount") as mount:
            pip = installation.pip(mount / "pip", locked.requirements)
    return [Comparison("install scikit-learn, against pip install --target", own, pip, 6)]
