"""The live board: a run as a tree by area, drawn in place; and what became of it, once it is over."""

import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from awsprov.engine.estimate import CriticalPath, Forecast, format_duration
from awsprov.engine.events import Event
from awsprov.engine.resource import AREAS, Resource
from awsprov.packaging.install_progress import Installing
from awsprov.ui.base import MARKS, STYLES, Board

_CRITICAL, _OTHER = "◆", " "  # what stands before those on the critical path, and before the others
# Name, what is done, for how long, how long it usually takes; what is waited for has the rest. They do not jump about.
_COLUMNS: tuple[tuple[JustifyMethod, int], ...] = (("left", 29), ("left", 11), ("right", 6), ("left", 8))
_LIBRARIES = "libraries"  # whose output is an installation's
_AROUND = 4  # lines of a screen that are not the tree's


class Tree(Board):
    """What runs, with its seconds and its usual time; how far the rest is; the critical path, and how long it takes.

    Arguments:
        console: where it is drawn.
        expected: what the run has before it.
        packages: how many the libraries have.
    """

    def __init__(self, console: Console, expected: Forecast, packages: int = 0) -> None:
        self.resources, self.expected = list(expected.graph), expected
        self._console = console
        self.latest: dict[str, Event] = {}
        self.since: dict[str, float] = {}
        self.until: dict[str, float] = {}
        self._installing, self._over = Installing(packages), False
        self._lock, self._began = threading.Lock(), time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self.draw)

    def __enter__(self) -> "Tree":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over = True
        self._live.stop()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.step == "output":
                self._installing.hear(event.detail)
                return
            if not self._about(event):
                return
            if event.resource not in self.since or event.step in ("creating", "deleting"):
                self.since[event.resource] = time.monotonic()
                self.until.pop(event.resource, None)
            if event.step in MARKS:
                self.until[event.resource] = time.monotonic()
            self.latest[event.resource] = event

    def _about(self, event: Event) -> bool:
        """Whether it is shown: what was not expected is, too, once there is something to do with it."""
        if event.resource in {r.name for r in self.resources}:
            return True
        if event.step not in ("unchanged", "looking"):
            self.resources.append(Resource(event.resource))
            return True
        return False

    def note(self, text: str) -> None:
        self._live.console.print(text, style="bold")

    def draw(self) -> RenderableType:
        """The tree as it is now; at the end, what was done."""
        with self._lock:
            if self._over:
                return self._table(self._done, CriticalPath())
            way = self.expected.remaining({name: self._spent(name) for name in self._running}, self._ended)
            fits = len(self.resources) + len(AREAS) + _AROUND <= self._console.height
            shown = {r.name for r in self.resources} if fits else {*self._running, *self._failed}
            return Group(self._head(way), self._table(shown, way), *self._installation(), *self._longest(way))

    @property
    def _ended(self) -> set[str]:
        return {name for name, event in self.latest.items() if event.step in MARKS}

    @property
    def _running(self) -> list[str]:
        return [name for name, event in self.latest.items() if event.step not in MARKS]

    @property
    def _failed(self) -> list[str]:
        return [name for name, event in self.latest.items() if event.step == "failed"]

    @property
    def _done(self) -> set[str]:
        """Those with which something was done."""
        return {name for name, event in self.latest.items() if event.step != "unchanged"}

    def _spent(self, name: str) -> float:
        return self.until.get(name, time.monotonic()) - self.since[name]

    def _head(self, way: CriticalPath) -> Text:
        seconds = time.monotonic() - self._began
        sums = f"{len(self._ended)} of {len(self.resources)} done, {len(self._running)} under way, {seconds:.0f} s"
        left = f"; about {format_duration(way.seconds)} to go" if way.seconds else ""
        return Text(sums + left, "bold", no_wrap=True, overflow="ellipsis")

    def _installation(self) -> Iterator[Text]:
        if _LIBRARIES in self._running and self._installing.text:
            yield Text(f"→ {_LIBRARIES}: {self._installing.text}", "cyan", no_wrap=True, overflow="ellipsis")

    def _longest(self, way: CriticalPath) -> Iterator[Text]:
        if len(way.names) > 1:
            yield Text(f"{_CRITICAL} critical path: {' → '.join(way.names)}", "dim", no_wrap=True, overflow="ellipsis")

    def _table(self, shown: Iterable[str], way: CriticalPath) -> Table:
        table = Table.grid(padding=(0, 1))
        for justify, width in _COLUMNS:
            table.add_column(justify=justify, min_width=0 if self._over else width, no_wrap=True)
        table.add_column(no_wrap=not self._over, overflow="fold" if self._over else "ellipsis", ratio=1)
        table.expand = True
        chosen = set(shown)
        areas = [area for area in (*AREAS, "") if any(r.area == area and self._counts(r) for r in self.resources)]
        for area in areas:
            inside = [r for r in self.resources if r.area == area]
            last = area == areas[-1]
            table.add_row(*self._area(area, inside, last))
            rows = [r for r in inside if r.name in chosen]
            for r in rows:
                table.add_row(*self._row(r, way, last, r is rows[-1]))
        return table

    def _counts(self, r: Resource) -> bool:
        """Whether its area is shown: at the end only if something was done there."""
        return not self._over or r.name in self._done

    def _area(self, area: str, inside: list[Resource], last: bool) -> tuple[Text, ...]:
        ended = sum(r.name in self._ended for r in inside)
        whole = ended == len(inside)
        label = Text().append("└─ " if last else "├─ ", "dim").append(area or "others", "bold")
        if self._over:
            return (label,)
        return label, Text(f"{ended} of {len(inside)}", "green" if whole else "")

    def _row(self, r: Resource, way: CriticalPath, last_area: bool, last: bool) -> tuple[Text, ...]:
        guide = ("   " if last_area else "│  ") + ("└─ " if last else "├─ ")
        mark = _CRITICAL if r.name in way.names else _OTHER
        label = Text().append(guide, "dim").append("" if self._over else f"{mark} ", "magenta").append(r.name)
        event = self.latest.get(r.name)
        if event is None:
            usual = self.expected.typical(r.name)
            return label, Text("waits", "dim"), Text(""), Text(_about(usual), "dim"), Text("")
        style = STYLES[event.step]
        state = Text(f"{MARKS.get(event.step, '→')} {event.step}", style)
        seconds = "" if event.step == "unchanged" else f"{self._spent(r.name):.{1 if self._over else 0}f} s"
        usual = None if event.step in MARKS else self.expected.typical(r.name)
        return label, state, Text(seconds), Text(_about(usual), "dim"), Text(event.detail, "dim")


def _about(usual: float | None) -> str:
    return f"of {format_duration(usual)}" if usual and usual > 1 else ""
