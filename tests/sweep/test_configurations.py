"""The kill, fault and lost-state sweeps of the configurations that the others leave out, on moto: in seconds."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.sweep import points
from tests.sweep.modes import trials
from tests.sweep.moto_lab import MotoLab
from tests.sweep.points import MOTO_COMMANDS, MOTO_FAULTS, SHARED_COMMANDS, Points
from tests.sweep.turns import fail_in_turn, kill_in_turn

Record = Callable[[str, Any], None]
pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoLab]:
    """Return a stack on moto."""
    lab = MotoLab(tmp_path_factory.mktemp("moto"))
    yield lab
    lab.close()


def rows(make: Callable[[str], Sequence[object]], commands: Sequence[str] = MOTO_COMMANDS) -> list[Sequence[object]]:
    """Return the points of each command."""
    return [make(command) for command in commands]


@trials("kill, other configurations", rows(points.linked), (1, 1, 1, 0, 0, 0, 0, 0, 1, 0))
def test_a_killed_command_finishes_when_run_again(lab: MotoLab, point: Points, record_property: Record) -> None:
    record_property("points", kill_in_turn(lab, point))


@trials("lost state, other configurations", rows(points.linked), (0, 0, 0, 1, 1, 0, 0, 1, 0, 0))
def test_a_killed_command_whose_state_is_lost_finishes(lab: MotoLab, point: Points, record_property: Record) -> None:
    record_property("points", kill_in_turn(lab, point, lab.lose_state))


@trials(
    "fault, other configurations",
    rows(lambda command: points.batches(command, MOTO_FAULTS)),
    (0, 0, 0, 0, 0, 1, 1, 0, 0, 0),
)
def test_lost_and_missing_responses_are_survived(lab: MotoLab, point: Points, record_property: Record) -> None:
    record_property("points", fail_in_turn(lab, point))


@trials("lost lock", rows(points.losses, SHARED_COMMANDS), (1, 0, 0))
def test_a_command_that_loses_its_lock_stops_and_another_machine_finishes(
    lab: MotoLab, point: Points, record_property: Record
) -> None:
    record_property("points", kill_in_turn(lab, point, lab.lose_state))
