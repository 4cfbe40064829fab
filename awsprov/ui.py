"""Events drawn: a live board on a terminal, lines elsewhere, both on stderr; JSON on stdout when it is asked for."""

import json
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from awsprov.events import Event
from awsprov.resource import Resource

STYLES = {
    "creating": "cyan", "waiting": "cyan", "changing": "yellow", "replacing": "magenta", "deleting": "yellow",
    "ready": "green", "unchanged": "dim", "deleted": "green", "failed": "bold red", "looking": "dim", "output": "dim",
}  # fmt: skip
MARKS = {"ready": "✓", "unchanged": "·", "deleted": "✓", "failed": "✗"}
_ENDS = frozenset(MARKS)


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

    def __init__(self, console: Console, *, all_steps: bool = False) -> None:
        self.console, self.all_steps = console, all_steps
        self._began, self._lock = time.monotonic(), threading.Lock()

    def __call__(self, event: Event) -> None:
        if event.step in ("looking", "unchanged") and not self.all_steps:
            return
        with self._lock:
            text = Text(f"{time.monotonic() - self._began:7.1f}s  {event.resource:<24} ")
            text.append(f"{event.step:<10}", STYLES[event.step]).append(f" {event.detail}")
            self.console.print(text, soft_wrap=True)


class Tree(Board):
    """A board that is drawn in place: what runs, with its seconds and its usual time, and how far the rest is."""

    def __init__(self, console: Console, resources: Iterable[Resource]) -> None:
        self.resources = {resource.name: resource for resource in resources}
        self.latest: dict[str, Event] = {}
        self.since: dict[str, float] = {}
        self._lines: list[str] = []
        self._lock, self._began = threading.Lock(), time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True, get_renderable=self.draw)

    def __enter__(self) -> "Tree":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.step == "output":
                self._lines = [*self._lines[-3:], event.detail]
                return
            if event.resource not in self.since or event.step in ("creating", "deleting"):
                self.since[event.resource] = time.monotonic()
            self.latest[event.resource] = event
            if event.step in _ENDS and event.step != "unchanged":
                self._live.console.print(self._ended(event), no_wrap=True, overflow="ellipsis")

    def note(self, text: str) -> None:
        self._live.console.print(text, style="bold")

    def draw(self) -> RenderableType:
        """What runs now, and a line of sums."""
        with self._lock:
            running = [event for event in self.latest.values() if event.step not in _ENDS]
            table = Table.grid(padding=(0, 1))
            for event in running:
                table.add_row(*self._row(event))
            ended = len(self.latest) - len(running)
            seconds = time.monotonic() - self._began
            sums = Text(f"{ended} of {len(self.resources)} done, {len(running)} under way, {seconds:.0f} s", "bold")
            output = [Text(f"    │ {line}", "dim", no_wrap=True, overflow="ellipsis") for line in self._lines]
            return Group(table, *(output if running else []), sums)

    def _row(self, event: Event) -> tuple[Text, ...]:
        seconds = time.monotonic() - self.since[event.resource]
        resource = self.resources.get(event.resource)
        usual = f"usually {resource.usually:.0f} s" if resource and resource.usually > 1 else ""
        style = STYLES[event.step]
        told = event.detail if event.step == "waiting" else usual
        return (
            Text("→", style),
            Text(event.resource),
            Text(event.step, style),
            Text(f"{seconds:.0f} s"),
            Text(told, "dim"),
        )

    def _ended(self, event: Event) -> Text:
        seconds = time.monotonic() - self.since[event.resource]
        text = Text(f"{MARKS[event.step]} ", STYLES[event.step])
        return text.append(f"{event.resource:<24} ").append(f"{seconds:6.1f} s  ", "dim").append(event.detail, "dim")


class Json(Board):
    """One JSON document an event, on stdout."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            print(json.dumps({"schema_version": 1, "event": "step", **asdict(event)}), flush=True)


class Silence(Board):
    """Shows nothing."""

    def __call__(self, event: Event) -> None:
        """Hear and forget."""


def console() -> Console:
    """The terminal behind stderr. NO_COLOR, FORCE_COLOR and TERM=dumb are rich's own business."""
    return Console(stderr=True, highlight=False)


def board(resources: Iterable[Resource], *, as_json: bool, quiet: bool, verbose: int) -> Board:
    """The board that suits where the output goes."""
    if as_json:
        return Json()
    if quiet:
        return Silence()
    screen = console()
    if screen.is_terminal and not screen.is_dumb_terminal and sys.stderr.isatty() and not verbose:
        return Tree(screen, resources)
    return Lines(screen, all_steps=verbose > 0)
