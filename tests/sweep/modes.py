"""The points that are tried: all of them, or a sample, the same in each run unless another seed is given."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.sweep.points import interleave, sample

WHOLE = os.environ.get("AWSPROV_SWEEP") == "whole"
SEED = os.environ.get("AWSPROV_SWEEP_SEED", "0")
# A whole sweep runs 200 times as fast as AWS, a sample 50 times; a new id becomes visible after 0.3 s or 0.8 s.
PACE, CONSISTENCY = (0.005, 60.0) if WHOLE else (0.02, 40.0)
_TOGETHER = 24  # consecutive trials on one cloud: what one creates, the next deletes


def trials(sweep: str, rows: Sequence[Sequence[object]], few: Sequence[int]) -> Callable[[Any], Any]:
    """Return a decorator that parametrizes a test with points: all of them, or some of each row.

    Arguments:
        sweep: the name of the sweep in the summary.
        rows: the points of each command.
        few: how many of each row are in the sample.
    """
    points = interleave(*rows) if WHOLE else sample(rows, few, f"{SEED} {sweep}")
    parameters = [_trial(sweep, n, point) for n, point in enumerate(points)]
    return lambda test: pytest.mark.sweep(sweep)(pytest.mark.parametrize("point", parameters)(test))


def _trial(sweep: str, n: int, point: object) -> Any:
    group = f"{sweep} {n // _TOGETHER}" if WHOLE else "sweep"
    name = "+".join(map(str, point)) if isinstance(point, tuple) else str(point)
    return pytest.param(point, id=name.replace(" ", "."), marks=pytest.mark.xdist_group(group))
