"""The boards of a running command: a tree on a terminal, lines elsewhere, JSON documents for programs."""

import io
import json
import time

import pytest

from awsprov.engine.estimate import Forecast
from awsprov.engine.events import Event, Step
from awsprov.engine.resource import Resource
from awsprov.ui.board import Board, JsonBoard, LineBoard, NullBoard
from awsprov.ui.console import SafeConsole
from awsprov.ui.selection import select_board
from awsprov.ui.tree import TreeBoard


class Network(Resource):
    """A part of the network."""

    area = "network"


class Libraries(Resource):
    """The libraries."""

    area = "libraries"


VPC = Network("vpc")
NAT, GROUP = Network("nat-1", after=(VPC,)), Network("group", after=(VPC,))
LIBRARIES = Libraries("libraries", after=(NAT,))
EVERYTHING = (VPC, NAT, GROUP, LIBRARIES)
TAKES = {VPC: 2.0, NAT: 100.0, GROUP: 1.0, LIBRARIES: 60.0}


def expected() -> Forecast:
    return Forecast({r: r.needs for r in EVERYTHING}, TAKES)


def screen(height: int = 40, width: int = 80) -> SafeConsole:
    return SafeConsole(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)


class Screen:
    """A tree board whose frames can be read."""

    def __init__(self, console: SafeConsole, packages: int = 7) -> None:
        self.console = console
        self.tree = TreeBoard(console, expected(), packages)

    def emit(self, *events: tuple[str, Step, str]) -> None:
        for name, step, detail in events:
            self.tree(Event(name, step, detail))

    def frame(self) -> str:
        with self.console.capture() as captured:
            self.console.print(self.tree.draw())
        return captured.get()

    def line(self, name: str) -> str:
        return next(line for line in self.frame().splitlines() if f" {name} " in line)


@pytest.fixture
def drawn() -> Screen:
    return Screen(screen())


def test_a_frame_has_all_by_area_and_the_critical_path_marked(drawn: Screen) -> None:
    drawn.emit(("vpc", "creating", ""), ("vpc", "ready", "vpc-1"), ("nat-1", "creating", ""), ("group", "creating", ""))
    frame = drawn.frame()
    assert frame.splitlines()[0].startswith("1 of 4 done, 2 in progress, 0 s; about 2 min 40 s to go")
    assert "network" in frame
    assert "1 of 3" in frame
    assert "✓ ready" in drawn.line("vpc")
    assert "◆ nat-1" in drawn.line("nat-1")
    assert "of 1 min 40 s" in drawn.line("nat-1")
    assert "◆" not in drawn.line("group")
    assert "◆ libraries" in frame
    assert "◆ critical path: nat-1 → libraries" in frame


def test_on_a_low_screen_only_what_runs_is_shown() -> None:
    drawn = Screen(screen(height=8))
    drawn.emit(("vpc", "creating", ""), ("vpc", "ready", "vpc-1"), ("nat-1", "creating", ""), ("group", "failed", "no"))
    frame = drawn.frame()
    assert "vpc-1" not in frame
    assert "nat-1" in frame
    assert "✗ failed" in drawn.line("group")


def test_an_installation_shows_its_package(drawn: Screen) -> None:
    drawn.emit(("libraries", "creating", ""), ("libraries", "waiting", "installing"))
    assert "installing" in drawn.frame()
    drawn.emit(
        (
            "libraries",
            "output",
            "Collecting scipy@ https://index.example/scipy-1.18.1-cp312-cp312-manylinux_2_28_x86_64.whl",
        )
    )
    assert "package 1 of 7: scipy 1.18.1" in drawn.frame()
    drawn.emit(("libraries", "ready", "764a94c1314b10cc"))
    assert "764a94c1314b10cc" in drawn.frame()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_longer_than_the_screen(width: int) -> None:
    drawn = Screen(screen(width=width))
    drawn.emit(("nat-1", "waiting", "for something that takes many words to say " * 5), ("vpc", "failed", "x" * 300))
    assert max(len(line) for line in drawn.frame().splitlines()) <= width


def test_a_step_that_takes_longer_than_usual_is_shown_as_running(
    drawn: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn.emit(("nat-1", "creating", ""))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 150)
    assert "150 s" in drawn.line("nat-1")
    assert "about 1 min 30 s to go" in drawn.frame()  # a fifth of what it took so far, and the libraries


def test_the_end_shows_what_was_done(drawn: Screen) -> None:
    console = drawn.console
    with drawn.tree:
        drawn.emit(("vpc", "unchanged", "vpc-1"), ("nat-1", "creating", ""), ("nat-1", "ready", "nat-0abc"))
        drawn.emit(("old-rule", "deleting", "sg-1"), ("old-rule", "deleted", "sg-1"), ("stray", "unchanged", ""))
    assert isinstance(console.file, io.StringIO)
    last = console.file.getvalue().rpartition("├─ network")[2]
    assert "nat-0abc" in last
    assert "other" in last
    assert "old-rule" in last
    assert "vpc-1" not in last
    assert "stray" not in last
    assert "critical path" not in last


# ---- elsewhere


def test_lines_show_the_typical_duration_of_what_starts() -> None:
    console = SafeConsole(file=io.StringIO(), width=80)
    board = LineBoard(console, expected())
    for event in (Event("nat-1", "creating"), Event("vpc", "creating"), Event("nat-1", "ready", "nat-0abc")):
        board(event)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].endswith("creating   usually 1 min 40 s")
    assert lines[1].rstrip().endswith("creating")
    assert lines[2].endswith("ready      nat-0abc")


def test_programs_get_a_document_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    board = select_board(expected(), as_json=True)
    board(Event("nat-1", "creating"))
    document = json.loads(capsys.readouterr().out)
    assert (document["event"], document["resource"], document["step"]) == ("step", "nat-1", "creating")


@pytest.mark.parametrize(
    ("options", "kind"), [({"as_json": True}, JsonBoard), ({"quiet": True}, NullBoard), ({}, LineBoard)]
)
def test_the_board_depends_on_the_options(options: dict[str, bool], kind: type[Board]) -> None:
    assert isinstance(select_board(expected(), **options), kind)


def test_a_step_that_takes_longer_than_usual_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Screen(screen())
    shown.emit(("libraries", "creating", ""))
    assert "of 1 min" in shown.frame()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 70)
    assert "70 s > 1 min" in shown.frame()


def test_an_area_of_which_aws_has_nothing_has_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Libraries, "virtual", True)
    (line,) = [line for line in Screen(screen()).frame().splitlines() if line.strip().endswith("libraries")][:1]
    assert "0 of 0" not in line
    assert "0 of 3" in Screen(screen()).frame()
