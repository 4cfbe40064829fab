"""Killed, killed and robbed of its state, or its calls spoilt, at each call: the same command then finishes.

`make check` tries a few points, others each day; `make sweep` tries all. The order of the tests here is that in which a
sample needs the fewest runs besides: what one leaves standing, the next begins with. While a deploy dies and is
repeated, a client calls what is live, and is answered each time.
"""

import json
import signal
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.sweep import points
from tests.sweep.lab import PATIENCE, Lab
from tests.sweep.modes import chosen
from tests.sweep.points import COMMANDS, Moment, Points, Write, moments

Record = Callable[[str, Any], None]


def rows(make: Callable[[str], Sequence[object]]) -> list[Sequence[object]]:
    """The points of each command."""
    return [make(command) for command in COMMANDS]


def deaths(lab: Lab, wanted: Points, *, forgetful: bool = False) -> int:
    """Run a command that is killed at each point in turn, and then finishes; returns how many points it came to.

    One that a run after a death no longer comes to is tried in a run from the beginning.
    """
    command, waiting, died = wanted[0].command, list(wanted), 0
    while waiting:
        words, before = lab.ready(command), died
        with lab.answering(command):
            while waiting and lab.killed(words, waiting[0]):
                waiting.pop(0)
                died += 1
                if forgetful:
                    lab.state.unlink(missing_ok=True)
            if died == before:
                waiting.pop(0)  # a clean run makes no such call (any more)
            else:
                lab.finish(command)
        lab.check(command)
    if not died:
        pytest.skip("not reached")
    return died


@chosen("kill", rows(points.kills), (1, 1, 0, 1, 1, 0))
def test_a_killed_command_finishes_when_run_again(lab: Lab, point: Points, record_property: Record) -> None:
    record_property("points", deaths(lab, point))


@chosen("installation", [moments("up"), moments("libraries")], (0, 1))
def test_a_command_killed_while_it_installs_finishes(lab: Lab, point: Moment) -> None:
    words = lab.ready(point.command)
    lab.change_libraries(parts=300)
    before = set(lab.environments())
    with lab.answering(point.command):
        lab.killed_when(words, point.said)
        lab.finish(point.command)
    lab.check(point.command)
    new = set(lab.environments()) - before
    assert new == {json.loads(lab.state.read_text())["resources"]["libraries"]["id"]}


@chosen("fault", rows(points.batches), (0, 0, 0, 0, 0, 1))
def test_faults_are_survived_or_clearly_told(lab: Lab, point: Points, record_property: Record) -> None:
    command, waiting, hit = point[0].command, set(point), set(point)
    while waiting and hit:
        words = lab.ready(command)
        with lab.answering(command):
            hit = lab.suffers(words, [each for each in point if each in waiting])
        lab.check(command)
        waiting -= hit
    record_property("points", len(point) - len(waiting))


@chosen("lost state", rows(points.lost), (1, 0, 0, 0, 0, 0))
def test_a_killed_command_whose_state_is_lost_finishes(lab: Lab, point: Points, record_property: Record) -> None:
    record_property("points", deaths(lab, point, forgetful=True))


@chosen("state write", rows(points.writes), (0, 0, 0, 0, 0, 1))
def test_a_command_killed_in_a_write_of_its_state_finishes(lab: Lab, point: Write) -> None:
    words = lab.ready(point.command)
    with lab.answering(point.command):
        process = lab.mortal(words, point.number)
        said = process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, said
        lab.finish(point.command)
    lab.check(point.command)
