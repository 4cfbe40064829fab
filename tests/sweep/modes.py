"""Which points are tried: all of them, or a sample that is another one each day."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sweep.points import sample, woven

WHOLE = os.environ.get("AWSPROV_SWEEP") == "whole"
SEED = os.environ.get("AWSPROV_SWEEP_SEED") or f"{datetime.now(UTC):%Y-%m-%d}"
# The whole runs two hundred times as fast as AWS, the sample fifty times; a new id stays hidden for 0.3 s or 0.8 s.
PACE, CONSISTENCY = (0.005, 60.0) if WHOLE else (0.02, 40.0)
_TOGETHER = 24  # trials that one cloud sees in a row: what one builds, the next takes away


def chosen(sweep: str, rows: Sequence[Sequence[object]], few: Sequence[int]) -> Callable[[Any], Any]:
    """The trials of a test: all of the rows, in turns; or so many of each row.

    Arguments:
        sweep: what the trials are called together, for the sums at the end.
        rows: the points of each command.
        few: how many of each row make the sample.
    """
    trials = woven(*rows) if WHOLE else sample(rows, few, f"{SEED} {sweep}")
    parameters = [_trial(sweep, n, point) for n, point in enumerate(trials)]
    return lambda test: pytest.mark.sweep(sweep)(pytest.mark.parametrize("point", parameters)(test))


def _trial(sweep: str, n: int, point: object) -> Any:
    group = f"{sweep} {n // _TOGETHER}" if WHOLE else "sweep"
    told = "+".join(map(str, point)) if isinstance(point, tuple) else str(point)
    return pytest.param(point, id=told.replace(" ", "."), marks=pytest.mark.xdist_group(group))
