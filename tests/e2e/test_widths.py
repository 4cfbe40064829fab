"""Every view of every command fits the terminal: no line is longer, and no word or id is cut."""

import io
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from awsprov.cli import cli, run
from awsprov.ui.layout import display_width
from tests.e2e.projects import Project
from tests.e2e.views import AFTER, BEFORE, CHANGES, Views, calls
from tests.unit.cli.conftest import names

pytestmark = pytest.mark.xdist_group("status")

WIDTHS = (40, 80)
WIDE = 2000  # columns: nothing is wrapped or left out
# Their results are documents for other programs, and not wrapped.
DOCUMENTS = {"policy", "graph", "completion", "local env", "invoke"}
_LOG = re.compile(r"^\d{4}-.*Z [A-Z]+ .*\n", re.MULTILINE)  # of -v: lines as in the debug log
_ID = re.compile(r"^[a-z]+(-[a-z]+)*-[0-9a-f]{8,}$")


class Shown(NamedTuple):
    """What a command prints on both streams."""

    text: str

    @property
    def words(self) -> set[str]:
        """The words without digits, as numbers and times differ, and without the backslash that ends a line."""
        return {word for word in self.text.split() if not re.search(r"\d|^\\$", word)}


Show = Callable[[Sequence[str], int], Shown]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    return make_project("wide")


@pytest.fixture
def show(project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    """Run a command in this process, on a terminal with this many columns."""
    monkeypatch.setattr("awsprov.cli.dashboard.IDLE", 0.1)

    def call(words: Sequence[str], width: int) -> Shown:
        with patch.dict(os.environ, {"COLUMNS": str(width)}), patch("sys.stdin", io.StringIO("value\n")):
            run([*words] if "--config" in words else project.words(*words))
        printed = capsys.readouterr()
        document = " ".join(words).startswith(tuple(DOCUMENTS))
        return Shown(_LOG.sub("", printed.err if document else f"{printed.err}\n{printed.out}"))

    return call


def too_wide(shown: Shown, width: int) -> list[str]:
    """Return the lines that do not fit, except those of one word, such as a URL."""
    lines = [line for line in shown.text.splitlines() if display_width(line) > width]
    return [line for line in lines if len(re.sub(r"^[│| ]+", "", line).split()) > 1]


def problems(shown: Shown, width: int, ids: set[str]) -> list[str]:
    """Return the lines that do not fit, and the ids of which only the beginning is shown."""
    return too_wide(shown, width) + [each for each in ids if each[:-4] in shown.text and each not in shown.text]


def check(show: Show, views: Views, ids: set[str]) -> None:
    """Run commands at both widths, and compare what they print."""
    found = {}
    for words in calls(views):
        whole = show(words, WIDE).words
        for width in WIDTHS:
            shown = show(words, width)
            found[*words, width] = [*problems(shown, width, ids), *(shown.words - whole)]
    assert {words: each for words, each in found.items() if each} == {}


def test_every_command_has_its_views() -> None:
    assert set(names(cli)) == {*BEFORE, *AFTER, *CHANGES}


def test_wrong_words(show: Show) -> None:
    for name in names(cli):
        for width in WIDTHS:
            assert too_wide(show([*name.split(), "--no-such-option"], width), width) == [], (name, width)
    for width in WIDTHS:
        assert too_wide(show(["nonsense"], width), width) == []


def test_before_there_is_a_stack(show: Show) -> None:
    check(show, BEFORE, set())


def test_the_life_of_a_stack(show: Show, project: Project, tmp_path: Path) -> None:
    assert too_wide(show(["up", "--yes"], 40), 40) == []
    ids = {word for word in re.findall(r'"id": "([^"]+)"', json.dumps(project.state())) if _ID.match(word)}
    assert len(ids) > 10
    project.edit("{LEVEL: low}", "{LEVEL: high}")
    show(["deploy"], 80)
    project.edit("{LEVEL: high}", "{LEVEL: middle}")  # something to plan
    check(show, AFTER, ids)
    (tmp_path / "records.jsonl").write_text('{}\n{"fail": true}\n')
    found = {}
    for width in WIDTHS:
        values = {"elsewhere": str(tmp_path / str(width)), "records": str(tmp_path / "records.jsonl")}
        for words in calls(CHANGES, **values):
            found[*words, width] = problems(show(words, width), width, ids)
    found["down", 40] = problems(show(["down", "--yes"], 40), 40, ids)
    assert {words: each for words, each in found.items() if each} == {}
