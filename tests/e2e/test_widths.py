"""Every view fits the terminal: no line is longer, and no word or id is cut."""

import json
import os
import re
from collections.abc import Callable
from typing import NamedTuple
from unittest.mock import patch

import pytest

from awsprov.cli import run
from awsprov.ui.layout import display_width
from tests.e2e.projects import Project

pytestmark = pytest.mark.xdist_group("status")

WIDTHS = (40, 80)
WIDE = 2000  # columns: nothing is wrapped or left out
BEFORE = [["doctor"], ["plan"], ["plan", "-v"], ["cost"], ["config", "show", "--origin"]]
AFTER = [
    ["status"], ["cost"], ["history"], ["libs", "list"], ["libs", "why"], ["logs"], ["explain"], ["local", "status"],
    ["rollback", "7"], ["status", "--stage", "other"], ["down", "--confirm", "wrong"], ["nonsense"],
    ["policy", "--part", "9"],
]  # fmt: skip
_LOG = re.compile(r"^\d{4}-.*Z [A-Z]+ .*\n", re.MULTILINE)  # of -v: lines as in the debug log
_ID = re.compile(r"^[a-z]+(-[a-z]+)*-[0-9a-f]{8,}$")


class Shown(NamedTuple):
    """What a command prints on both streams."""

    text: str

    @property
    def words(self) -> set[str]:
        """The words without digits, as numbers and times differ, and without the backslash that ends a line."""
        return {word for word in self.text.split() if not re.search(r"\d|^\\$", word)}


Show = Callable[[list[str], int], Shown]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    return make_project("wide")


@pytest.fixture
def show(project: Project, capsys: pytest.CaptureFixture[str]) -> Show:
    """Run a command in this process, on a terminal of so many columns."""

    def call(words: list[str], width: int) -> Shown:
        with patch.dict(os.environ, {"COLUMNS": str(width)}):
            run(project.words(*words))
        printed = capsys.readouterr()
        return Shown(_LOG.sub("", f"{printed.err}\n{printed.out}"))

    return call


def too_wide(shown: Shown, width: int) -> list[str]:
    """Return the lines that do not fit, except those of one word, such as a URL."""
    lines = [line for line in shown.text.splitlines() if display_width(line) > width]
    return [line for line in lines if len(re.sub(r"^[│ ]+", "", line).split()) > 1]


def check(show: Show, commands: list[list[str]], ids: set[str]) -> None:
    for words in commands:
        whole = show(words, WIDE).words
        for width in WIDTHS:
            shown = show(words, width)
            assert too_wide(shown, width) == [], (words, width)
            assert shown.words - whole == set(), (words, width)
            cut = [each for each in ids if each[:-4] in shown.text and each not in shown.text]
            assert cut == [], (words, width)


def test_before_there_is_a_stack(show: Show) -> None:
    check(show, BEFORE, set())


def test_the_life_of_a_stack(show: Show, project: Project) -> None:
    for width, words in ((40, ["up", "--yes"]), (60, ["pause", "--yes"]), (40, ["resume", "--yes"])):
        assert too_wide(show(words, width), width) == []
    records = json.dumps(project.state())
    ids = {word for word in re.findall(r'"id": "([^"]+)"', records) if _ID.match(word)}
    assert len(ids) > 10
    check(show, AFTER, ids)
    assert too_wide(show(["down", "--yes"], 40), 40) == []
