"""The recorded calls, which are the points of the sweeps, are those that awsprov makes today."""

import pytest

from tests.sweep.points import MOTO_COMMANDS, recorded
from tests.sweep.record import on_moto

pytestmark = pytest.mark.thorough


def test_the_other_configurations_make_the_recorded_calls() -> None:
    assert on_moto() == {command: recorded()[command] for command in MOTO_COMMANDS}
