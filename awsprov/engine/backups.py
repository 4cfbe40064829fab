"""Backups of the state from before the last runs that changed it, beside the state file."""

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

BACKUPS = 3


def rotate_backups(path: Path) -> None:
    """Keep the file at `path` as `PATH.1` when it is replaced next; the older backups move to `.2` and `.3`.

    A backup that cannot be written is no error: nothing depends on it.
    """
    oldest_first = [path.with_name(f"{path.name}.{n}") for n in range(BACKUPS, 0, -1)]
    with suppress(OSError):
        for older, newer in pairwise(oldest_first):
            if newer.exists():
                newer.replace(older)
        if path.exists():
            os.link(path, oldest_first[-1])  # the file is never written in place, only replaced
