"""What a plan shows of a large value that differs."""

import pytest

from awsprov.cli.plan_view import changed_lines


@pytest.mark.parametrize(
    ("has", "wants", "lines"),
    [
        (["b", "a"], ["a", "b", "c"], ['+ "c"']),
        (["b", "a"], ["a", ""], ['- "b"', "+ known later"]),
        ({"team": "risk"}, {"team": "fraud"}, ['-  "team": "risk"', '+  "team": "fraud"']),
        ({"cost": "1"}, {"cost": "1", "team": "a"}, ['+  "team": "a"']),
        ([{"port": 1}], [{"port": 2}], ['-   "port": 1', '+   "port": 2']),
    ],
)
def test_only_what_differs_is_shown(has: object, wants: object, lines: list[str]) -> None:
    assert changed_lines(has, wants) == lines
