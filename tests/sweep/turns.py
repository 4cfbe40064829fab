"""How a command is killed, or its calls fail, at points in turn until it finishes."""

from collections.abc import Callable

import pytest

from tests.sweep.lab import Lab
from tests.sweep.moto_lab import MotoLab
from tests.sweep.points import Points


def kill_in_turn(lab: Lab | MotoLab, chain: Points, then: Callable[[], object] = lambda: None) -> int:
    """Kill a command at each point in turn, then let it finish. Return the number of points that were reached.

    Arguments:
        then: called after each kill.

    A point that the repeated command does not reach is tried again from the beginning.
    """
    command, waiting, killed = chain[0].command, list(chain), 0
    while waiting:
        words, before = lab.ready(command), killed
        with lab.answering(command):
            while waiting and lab.killed(words, waiting[0]):
                waiting.pop(0)
                killed += 1
                then()
            if killed == before:
                waiting.pop(0)  # an undisturbed run does not make this call
            else:
                lab.finish(command)
        lab.check(command)
    if not killed:
        pytest.skip("not reached")
    return killed


def fail_in_turn(lab: Lab | MotoLab, points: Points) -> int:
    """Run a command with faults until each was hit or none of those left is. Return how many were hit."""
    command, waiting, hit = points[0].command, set(points), set(points)
    while waiting and hit:
        words = lab.ready(command)
        with lab.answering(command):
            hit = lab.run_with_faults(words, [each for each in points if each in waiting])
        lab.check(command)
        waiting -= hit
    return len(points) - len(waiting)
