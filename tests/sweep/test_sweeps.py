"""Killed, killed and robbed of its state, or its calls spoilt, at each call: the same command then finishes.

`make test` tries a few points, others each day; `make sweep` tries all.
"""

import signal
from collections.abc import Callable, Sequence
from typing import NoReturn

import pytest

from tests.sweep import points
from tests.sweep.lab import PATIENCE, Lab
from tests.sweep.modes import chosen
from tests.sweep.points import COMMANDS, Point, Write


def rows(make: Callable[[str], Sequence[object]]) -> list[Sequence[object]]:
    """The points of each command."""
    return [make(command) for command in COMMANDS]


def missed(lab: Lab, *wanted: Point) -> NoReturn:
    """The command no longer makes these calls, so nothing was tried: `calls.json` is out of date."""
    lab.check(wanted[0].command)
    pytest.skip(f"{', '.join(map(str, wanted))}: not reached")


@chosen("kill", rows(points.kills), (1, 1, 0, 1))
def test_a_killed_command_finishes_when_run_again(lab: Lab, point: Point) -> None:
    words = lab.ready(point.command)
    if not lab.killed(words, point):
        missed(lab, point)
    lab.finish(point.command)
    lab.check(point.command)


@chosen("lost state", rows(points.lost), (0, 0, 0, 1))
def test_a_killed_command_whose_state_is_lost_finishes(lab: Lab, point: Point) -> None:
    words = lab.ready(point.command)
    if not lab.killed(words, point):
        missed(lab, point)
    lab.state.unlink(missing_ok=True)
    lab.finish(point.command)
    lab.check(point.command)


@chosen("fault", rows(points.batches), (1, 0, 0, 0))
def test_faults_are_survived_or_clearly_told(lab: Lab, point: tuple[Point, ...]) -> None:
    command, waiting = point[0].command, list(point)
    while waiting:
        hit = lab.suffers(lab.ready(command), waiting)
        lab.check(command)
        if not hit:
            missed(lab, *waiting)
        waiting = [each for each in waiting if each not in hit]


@chosen("state write", rows(points.writes), (1, 0, 0, 0))
def test_a_command_killed_in_a_write_of_its_state_finishes(lab: Lab, point: Write) -> None:
    process = lab.mortal(lab.ready(point.command), point.number)
    said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, said
    lab.finish(point.command)
    lab.check(point.command)
