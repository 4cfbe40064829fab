"""Boards show the events of a running command: as lines or as JSON. `tree.py` has the one for terminals."""

import sys
import threading
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType

from rich.text import Text

from awsprov.engine.estimate import Forecast, format_duration
from awsprov.engine.events import Event
from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.console import SafeConsole
from awsprov.ui.encoding import encodable
from awsprov.ui.json_output import print_json
from awsprov.ui.layout import terminal_width, wrap

STYLES = {
    "creating": "cyan", "waiting": "cyan", "changing": "yellow", "replacing": "magenta", "deleting": "yellow",
    "ready": "green", "unchanged": "dim", "deleted": "green", "left": "yellow", "failed": "bold red", "looking": "dim",
    "output": "dim", "stopped": "yellow",
}  # fmt: skip
MARKS = {"ready": "✓", "unchanged": "·", "deleted": "✓", "left": "!", "failed": "✗", "stopped": "!"}

_HANGING = " " * 10  # the begin of the second and later lines of an event: below the resource's name
_LONG = 5.0  # seconds; the typical duration is shown from this on


class Board(AbstractContextManager["Board"]):
    """Shows events, which may come from any thread."""

    @abstractmethod
    def __call__(self, event: Event) -> None:
        """Show one event of a resource."""

    def note(self, text: str) -> None:
        """Print a message between the events."""
        shown = encodable(strip_control_sequences(text), sys.stderr)
        print(wrap(shown, terminal_width(sys.stderr)), file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Show the final state, and end the output."""


class LineBoard(Board):
    """Prints a line for each event, with the seconds since the start: for logs, pipes and CI.

    Arguments:
        console: where the lines go.
        expected: the forecast of the run.
        all_steps: also print events of resources that are only looked up or do not change.
    """

    def __init__(self, console: SafeConsole, expected: Forecast, *, all_steps: bool = False) -> None:
        self.console, self.expected, self.all_steps = console, expected, all_steps
        self._started, self._lock = time.monotonic(), threading.Lock()

    def __call__(self, event: Event) -> None:
        if event.step in ("looking", "unchanged") and not self.all_steps:
            return
        with self._lock:
            name = encodable(strip_control_sequences(event.resource), sys.stderr)
            line = f"{time.monotonic() - self._started:7.1f}s  {name:<24} {event.step:<10} "
            line = encodable(line + (event.detail or self._typical(event)), sys.stderr)
            line = wrap(line, terminal_width(sys.stderr), _HANGING)
            text = Text(line.rstrip())
            step = text.plain.index(event.step, text.plain.index(name) + len(name))
            text.stylize(STYLES[event.step], step, step + len(event.step))
            self.console.print(text, soft_wrap=True)

    def _typical(self, event: Event) -> str:
        """Return the typical duration of a creation that takes long; otherwise nothing."""
        seconds = self.expected.typical(event.resource) if event.step == "creating" else None
        return f"usually {format_duration(seconds)}" if seconds and seconds >= _LONG else ""


class JsonBoard(Board):
    """Prints a JSON document for each event on stdout."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            print_json("step", **asdict(event))


class NullBoard(Board):
    """A board that shows nothing."""

    def __call__(self, event: Event) -> None:
        """Do nothing with the event."""
