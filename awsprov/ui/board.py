"""Events drawn: a live board on a terminal, lines elsewhere, both on stderr; JSON on stdout when it is asked for."""

import os
import sys
import threading
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType

from rich.console import Console
from rich.text import Text

from awsprov.engine.estimate import Forecast, format_duration
from awsprov.engine.events import Event
from awsprov.ui.json_output import print_json

STYLES = {
    "creating": "cyan", "waiting": "cyan", "changing": "yellow", "replacing": "magenta", "deleting": "yellow",
    "ready": "green", "unchanged": "dim", "deleted": "green", "failed": "bold red", "looking": "dim", "output": "dim",
}  # fmt: skip
MARKS = {"ready": "✓", "unchanged": "·", "deleted": "✓", "failed": "✗"}

_LONG = 5.0  # seconds from which it is worth saying how long something usually takes


class Board(AbstractContextManager["Board"]):
    """Hears events from many threads and shows them."""

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Show one event."""

    def note(self, text: str) -> None:
        """A word to the person, in between."""
        print(text, file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Show the last of it."""


class Lines(Board):
    """One line an event, with the seconds since the start: for logs, pipes and CI."""

    def __init__(self, console: Console, expected: Forecast, *, all_steps: bool = False) -> None:
        self.console, self.expected, self.all_steps = console, expected, all_steps
        self._began, self._lock = time.monotonic(), threading.Lock()

    def __call__(self, event: Event) -> None:
        if event.step in ("looking", "unchanged") and not self.all_steps:
            return
        with self._lock:
            text = Text(f"{time.monotonic() - self._began:7.1f}s  {event.resource:<24} ")
            text.append(f"{event.step:<10}", STYLES[event.step]).append(f" {event.detail or self._usual(event)}")
            self.console.print(text, soft_wrap=True)

    def _usual(self, event: Event) -> str:
        """How long what begins usually takes, when that is long."""
        usual = self.expected.typical(event.resource) if event.step == "creating" else None
        return f"usually {format_duration(usual)}" if usual and usual >= _LONG else ""


class Json(Board):
    """One JSON document an event, on stdout."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            print_json("step", **asdict(event))


class NullBoard(Board):
    """Shows nothing."""

    def __call__(self, event: Event) -> None:
        """Hear and forget."""


def console() -> Console:
    """The terminal behind stderr. NO_COLOR, FORCE_COLOR and TERM=dumb are rich's own business."""
    return Console(stderr=True, highlight=False)


def board(
    expected: Forecast,
    *,
    packages: int = 0,
    plain: bool = False,
    as_json: bool = False,
    quiet: bool = False,
    verbose: int = 0,
) -> Board:
    """The board that suits where the output goes.

    Arguments:
        expected: what the run has before it.
        packages: how many the libraries have.
        plain: lines, on a terminal too.
    """
    if as_json:
        return Json()
    if quiet:
        return NullBoard()
    screen = console()
    moves = sys.stderr.isatty() and screen.is_terminal and not screen.is_dumb_terminal and not os.environ.get("CI")
    if moves and not (plain or verbose):
        from awsprov.ui.tree import Tree  # noqa: PLC0415 - it is drawn with what stands here

        return Tree(screen, expected, packages)
    return Lines(screen, expected, all_steps=verbose > 0)
