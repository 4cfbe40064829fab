"""What a plan shows of a large value that differs, and of what will be created."""

from pathlib import Path

import pytest

from awsprov.cli.plan_differences import changed_lines, difference_lines, properties, retagged_alike
from awsprov.engine.discovery import TAGS
from awsprov.engine.plan import Change, Plan
from tests.unit.fakes import Net


@pytest.mark.parametrize(
    ("has", "wants", "lines"),
    [
        (["b", "a"], ["a", "b", "c"], ['+ "c"']),
        (["b", "a"], ["a", ""], ['- "b"', "+ known later"]),
        ({"mode": "on"}, {"mode": "off"}, ['-  "mode": "on"', '+  "mode": "off"']),
        ([{"port": 1}], [{"port": 2}], ['-   "port": 1', '+   "port": 2']),
    ],
)
def test_only_what_differs_is_shown(has: object, wants: object, lines: list[str]) -> None:
    assert changed_lines(has, wants) == lines


def test_what_will_be_created_is_shown_in_words_and_without_what_is_off() -> None:
    arguments = {"cidr": "10.0.0.0/16", "zone": "", "detach_others": False, "start_check": True, "code": Path("code")}
    assert properties(arguments) == ["cidr 10.0.0.0/16", "start check"]


def test_a_tag_that_differs_is_one_line() -> None:
    has, wants = {"team": "risk", "cost": "1", "old": ""}, {"team": "fraud", "cost": "1", "new": "x"}
    expected = ['tag new: none → "x"', 'tag old: "" → none', 'tag team: "risk" → "fraud"']
    assert difference_lines("tags", (has, wants)) == expected


def test_the_same_change_of_tags_of_several_resources_is_shown_once() -> None:
    tags = {TAGS: ({"team": "risk"}, {"team": "fraud"})}
    alike = [Change(Net(name), "change", tags) for name in ("one", "two")]
    others = [
        Change(Net("three"), "change", {TAGS: ({}, {"team": "fraud"})}),
        Change(Net("four"), "change", {**tags, "cidr": ("1", "2")}),
        Change(Net("five"), "replace", tags),
    ]
    assert retagged_alike(Plan((*alike, *others))) == {('tag team: "risk" → "fraud"',): alike}
