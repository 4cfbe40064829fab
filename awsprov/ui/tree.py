"""The board for terminals: the resources of a run as a tree by area, redrawn in place; at the end, what was done."""

import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType

from rich.console import Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from awsprov.engine.estimate import CriticalPath, Forecast, format_duration
from awsprov.engine.events import ENDED, Event
from awsprov.engine.resource import AREAS, Resource
from awsprov.packaging.install_progress import INSTALLING, InstallProgress
from awsprov.ui.board import MARKS, STYLES, Board
from awsprov.ui.console import SafeConsole
from awsprov.ui.outcome import OutcomeRow, outcome_lines

_CRITICAL, _OTHER = "◆", " "  # the mark of resources on the critical path, and of the others
TREE = f"├─└│→{_CRITICAL}"  # what a terminal must be able to show
# Alignment and least width of the columns: name, step, seconds so far, typical seconds. The rest is for the detail.
_COLUMNS: tuple[tuple[JustifyMethod, int], ...] = (("left", 29), ("left", 11), ("right", 6), ("left", 8))
_NARROW, _NARROWER = 80, 60  # columns; with fewer, typical times are left out, then also seconds so far
_OTHER_LINES = 4  # on the screen besides the tree


class TreeBoard(Board):
    """Draws resources by area, each with its step, its seconds so far and its typical time; and the critical path.

    Arguments:
        console: where the tree is drawn.
        expected: the forecast of the run.
        packages: the number of packages in the libraries.
    """

    def __init__(self, console: SafeConsole, expected: Forecast, packages: int = 0) -> None:
        self.resources, self.expected = list(expected.graph), expected
        self._console = console
        self.latest: dict[str, Event] = {}
        self.since: dict[str, float] = {}
        self.until: dict[str, float] = {}
        self._installing = InstallProgress(packages)
        self._lock, self._started = threading.Lock(), time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self.draw, transient=True)

    def __enter__(self) -> "TreeBoard":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        for line in self.outcome():
            self._console.print(line, soft_wrap=True)

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.step == "output":
                self._installing.update(event.detail)
                return
            if not self._is_shown(event):
                return
            if event.resource not in self.since or event.step in ("creating", "deleting"):
                self.since[event.resource] = time.monotonic()
                self.until.pop(event.resource, None)
            if event.step in ENDED:
                self.until[event.resource] = time.monotonic()
            self.latest[event.resource] = event

    def _is_shown(self, event: Event) -> bool:
        """Return whether an event belongs to a resource of the tree; an unexpected one is added if it is changed."""
        if event.resource in {r.name for r in self.resources}:
            return True
        if event.step not in ("unchanged", "looking"):
            self.resources.append(Resource(event.resource))
            return True
        return False

    def note(self, text: str) -> None:
        self._live.console.print(Text(text, "bold"))

    def draw(self) -> RenderableType:
        """Return the current frame."""
        with self._lock:
            path = self.expected.remaining({name: self._seconds(name) for name in self._running}, self._ended)
            fits = len(self.resources) + len(AREAS) + _OTHER_LINES <= self._console.height
            names = {r.name for r in self.resources} if fits else {*self._running, *self._failed}
            return Group(self._head(path), self._table(names, path), *self._installation(), *self._critical_path(path))

    @property
    def _ended(self) -> set[str]:
        return {name for name, event in self.latest.items() if event.step in ENDED}

    @property
    def _running(self) -> list[str]:
        return [name for name, event in self.latest.items() if event.step not in ENDED]

    @property
    def _failed(self) -> list[str]:
        return [name for name, event in self.latest.items() if event.step == "failed"]

    @property
    def _changed(self) -> set[str]:
        return {name for name, event in self.latest.items() if event.step != "unchanged"}

    def _seconds(self, name: str) -> float:
        return self.until.get(name, time.monotonic()) - self.since[name]

    def _head(self, path: CriticalPath) -> Text:
        seconds = time.monotonic() - self._started
        counts = f"{self._count(self.resources)} done, {len(self._running)} in progress, {seconds:.0f} s"
        left = f"; about {format_duration(path.seconds)} to go" if path.seconds else ""
        return Text(counts + left, "bold", no_wrap=True, overflow="ellipsis")

    def _installation(self) -> Iterator[Text]:
        running = next((name for name in INSTALLING if name in self._running), "")
        if running and self._installing.text:
            yield Text(f"→ {running}: {self._installing.text}", "cyan", no_wrap=True, overflow="ellipsis")

    def _critical_path(self, path: CriticalPath) -> Iterator[Text]:
        if len(path.names) > 1:
            yield Text(f"{_CRITICAL} critical path: {' → '.join(path.names)}", "dim", no_wrap=True, overflow="ellipsis")

    def _table(self, names: Iterable[str], path: CriticalPath) -> Table:
        table = Table.grid(padding=(0, 1))
        for justify, width in _COLUMNS[: self._columns]:
            table.add_column(justify=justify, min_width=width, no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.expand = True
        shown = set(names)
        areas = self._areas(self.resources)
        for area in areas:
            inside = [r for r in self.resources if r.area == area]
            last = area == areas[-1]
            table.add_row(*self._area(area, inside, last))
            rows = [r for r in inside if r.name in shown]
            for r in rows:
                *cells, detail = self._row(r, path, last, r is rows[-1])
                table.add_row(*cells[: self._columns], detail)
        return table

    @property
    def _columns(self) -> int:
        """How many columns the terminal has room for, besides the detail."""
        return 4 if self._console.width >= _NARROW else 3 if self._console.width >= _NARROWER else 2

    def _areas(self, resources: Iterable[Resource]) -> list[str]:
        there = {r.area for r in resources}
        return [area for area in (*AREAS, "") if area in there]

    def _count(self, resources: Iterable[Resource]) -> str:
        """Return how many of the resources are done, of those that AWS has: `plan` and `status` count the same."""
        counted = [r for r in resources if not r.virtual]
        return f"{sum(r.name in self._ended for r in counted)} of {len(counted)}"

    def _area(self, area: str, inside: list[Resource], last: bool) -> tuple[Text, ...]:
        ended = all(r.name in self._ended for r in inside)
        count = self._count(inside) if any(not r.virtual for r in inside) else ""
        return _heading(area, last), Text(count, "green" if ended else "")

    def outcome(self) -> Iterator[Text]:
        """Yield the lines that stay after the run: the resources that were changed, by area."""
        changed = [r for r in self.resources if r.name in self._changed]
        areas, rows = self._areas(changed), list[OutcomeRow | Text]()
        for area in areas:
            inside, last = [r for r in changed if r.area == area], area == areas[-1]
            rows += [_heading(area, last), *(self._outcome(r, last, r is inside[-1]) for r in inside)]
        return outcome_lines(rows, self._console.width)

    def _outcome(self, r: Resource, last_area: bool, last: bool) -> OutcomeRow:
        event, (guide, below) = self.latest[r.name], _guides(last_area, last)
        return OutcomeRow(guide, below, r.name, _state(event), f"{self._seconds(r.name):.1f} s", event.detail)

    def _row(self, r: Resource, path: CriticalPath, last_area: bool, last: bool) -> tuple[Text, ...]:
        guide, _ = _guides(last_area, last)
        mark = _CRITICAL if r.name in path.names else _OTHER
        label = Text().append(guide, "dim").append(f"{mark} ", "magenta").append(r.name)
        event = self.latest.get(r.name)
        if event is None:
            typical = self.expected.typical(r.name)
            return label, Text("waiting", "dim"), Text(""), Text(_of(typical), "dim"), Text("")
        seconds = "" if event.step == "unchanged" else f"{self._seconds(r.name):.0f} s"
        typical = None if event.step in ENDED else self.expected.typical(r.name)
        so_far, of = Text(seconds), Text(_of(typical, self._seconds(r.name)), "dim")
        return label, _state(event), so_far, of, Text(event.detail, "dim")


def _guides(last_area: bool, last: bool) -> tuple[str, str]:
    """Return the lines of the tree before the name of a resource, and before what is written below it."""
    area = "   " if last_area else "│  "
    return (f"{area}└─ ", f"{area}   ") if last else (f"{area}├─ ", f"{area}│  ")


def _state(event: Event) -> Text:
    return Text(f"{MARKS.get(event.step, '→')} {event.step}", STYLES[event.step])


def _of(typical: float | None, seconds: float = 0.0) -> str:
    """Return the typical duration of a step, in a form that shows whether it takes longer than that."""
    if not typical or typical <= 1:
        return ""
    return f"of {format_duration(typical)}" if seconds <= typical else f"> {format_duration(typical)}"


def _heading(area: str, last: bool) -> Text:
    return Text().append("└─ " if last else "├─ ", "dim").append(area or "other", "bold")
