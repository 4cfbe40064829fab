"""What a plan shows of a large value that differs, and of what will be created."""

from pathlib import Path

import pytest

from awsprov.cli.plan_view import changed_lines, properties


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


def test_what_will_be_created_is_shown_in_words_and_without_what_is_off() -> None:
    arguments = {"cidr": "10.0.0.0/16", "zone": "", "detach_others": False, "start_check": True, "code": Path("code")}
    assert properties(arguments) == ["cidr 10.0.0.0/16", "start check"]
