"""The states of before the last runs that changed something, beside the state: for who wants to look, or go back."""

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

PREVIOUS = 3  # of them


def keep_previous(path: Path) -> None:
    """Have what is at path stay beside it, as `.1`, when the next content is put there; `.1` is `.2` then."""
    older = [path.with_name(f"{path.name}.{n}") for n in range(PREVIOUS, 0, -1)]
    with suppress(OSError):  # it is a comfort, and nothing rests on it
        for old, younger in pairwise(older):
            if younger.exists():
                younger.replace(old)
        if path.exists():
            os.link(path, older[-1])  # its content is never written over, only replaced
