"""A command that is killed, with or without its state, or whose calls fail, finishes when it is run again.

`make check` tries a few points, different ones each day; `make sweep` tries all. The tests are in the order in which a
sample needs the fewest other commands: each starts from the stack that the one before leaves. While a deploy is killed
and repeated, a client calls the live version, and must be answered each time.
"""

import json
import signal
from collections.abc import Callable, Sequence
from typing import Any

from tests.sweep import points
from tests.sweep.lab import PATIENCE, Lab
from tests.sweep.modes import trials
from tests.sweep.points import COMMANDS, Moment, Points, Write, moments
from tests.sweep.turns import fail_in_turn, kill_in_turn

Record = Callable[[str, Any], None]


def rows(make: Callable[[str], Sequence[object]]) -> list[Sequence[object]]:
    """Return the points of each command."""
    return [make(command) for command in COMMANDS]


@trials("kill", rows(points.kills), (1, 1, 0, 1, 1, 0))
def test_a_killed_command_finishes_when_run_again(lab: Lab, point: Points, record_property: Record) -> None:
    record_property("points", kill_in_turn(lab, point))


@trials("installation", [moments("up"), moments("libraries")], (0, 1))
def test_a_command_killed_while_it_installs_finishes(lab: Lab, point: Moment) -> None:
    words = lab.ready(point.command)
    lab.change_libraries(parts=300)
    before = set(lab.environments())
    with lab.answering(point.command):
        lab.kill_at_output(words, point.output)
        lab.finish(point.command)
    lab.check(point.command)
    new = set(lab.environments()) - before
    assert new == {json.loads(lab.state.read_text())["resources"]["libraries"]["id"]}


@trials("fault", rows(points.batches), (0, 0, 0, 0, 0, 1))
def test_faults_are_survived_or_reported(lab: Lab, point: Points, record_property: Record) -> None:
    record_property("points", fail_in_turn(lab, point))


@trials("lost state", rows(points.lost), (1, 0, 0, 0, 0, 0))
def test_a_killed_command_whose_state_is_lost_finishes(lab: Lab, point: Points, record_property: Record) -> None:
    record_property("points", kill_in_turn(lab, point, lambda: lab.state.unlink(missing_ok=True)))


@trials("other machine", rows(points.lost), (0, 1, 0, 0, 0, 0))
def test_a_killed_command_is_finished_on_another_machine(lab: Lab, point: Points, record_property: Record) -> None:
    with lab.sharing():
        record_property("points", kill_in_turn(lab, point, lab.move))


@trials("state write", rows(points.writes), (0, 0, 0, 0, 0, 1))
def test_a_command_killed_in_a_write_of_its_state_finishes(lab: Lab, point: Write) -> None:
    words = lab.ready(point.command)
    with lab.answering(point.command):
        process = lab.kill_at_write(words, point.number)
        output = process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, output
        lab.finish(point.command)
    lab.check(point.command)
