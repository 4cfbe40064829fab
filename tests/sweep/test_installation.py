"""Killed while the builder installs libraries, which may go on there alone: the same command then finishes."""

import json

from tests.sweep.lab import Lab
from tests.sweep.modes import chosen
from tests.sweep.points import Moment, moments


@chosen("installation", [moments("up"), moments("libraries")], (0, 1))
def test_a_command_killed_while_it_installs_finishes(lab: Lab, point: Moment) -> None:
    words = lab.ready(point.command)
    lab.change_libraries(parts=300)
    before = set(lab.environments())
    lab.killed_when(words, point.said)
    lab.finish(point.command)
    lab.check(point.command)
    new = set(lab.environments()) - before
    assert new == {json.loads(lab.state.read_text())["resources"]["libraries"]["id"]}
