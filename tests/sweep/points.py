"""Where a command can be hit: its calls as a clean run makes them, each by its operation and how often that came.

So named, a point stays the same although resources are worked on side by side and their calls come in any order.

A call that changes something is hit twice, before it takes effect and after: the command that runs again after the
first death dies the second one. One that only reads is hit once, as the world holds the same before and after it; runs
that die at such calls follow one upon the other. Questions that are repeated while waiting do not count:
`calls.json` is recorded on a cloud that is instant (`python -m tests.sweep.record`).
"""

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

RECORD = Path(__file__).with_name("calls.json")
DEPLOYS = ("code", "libraries")  # `deploy` of new code, and of new libraries
COMMANDS = ("up", *DEPLOYS, "pause", "resume", "down")
FAULTS = ("throttle", "error", "cut-before", "cut-after", "slow", "truncate")
TOGETHER = 12  # faults in one run, each at another call
ALIKE = 2  # of them of one kind
CHAIN = 6  # deaths that one run after the other dies
LINKS = 3  # pairs of deaths likewise
_READS = re.compile(r"\w+:(Describe|Get|List)")


@dataclass(frozen=True)
class Point:
    """The n-th call of an operation within a command, and what happens at it."""

    command: str
    kind: str
    operation: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.command} {self.kind} {self.operation} {self.occurrence}"

    @property
    def reads(self) -> bool:
        """Whether the call changes nothing."""
        return bool(_READS.match(self.operation))


Points = tuple[Point, ...]


@dataclass(frozen=True)
class Write:
    """The n-th time that a command writes its state."""

    command: str
    number: int

    def __str__(self) -> str:
        return f"{self.command} write {self.number}"


@dataclass(frozen=True)
class Moment:
    """What the builder says while a command has it install libraries."""

    command: str
    said: str

    def __str__(self) -> str:
        return f"{self.command} {self.said}"


def moments(command: str) -> list[Moment]:
    """The stages of an installation."""
    said = ("Complete!", "Looking in links", "Installing collected", "compiling", "copying", "manifest", "published")
    return [Moment(command, each) for each in said]


def recorded() -> dict[str, dict[str, int]]:
    """For each command, how often a clean run calls each operation; and how often it writes its state."""
    calls: dict[str, dict[str, int]] = json.loads(RECORD.read_text())
    return calls


def kills(command: str) -> list[Points]:
    """Every call of a command: those that change something are died at before and after, those that read once."""
    return [*_twice(command), *_cut([replace(point, kind="kill-before") for point in _reading(command)], CHAIN)]


def lost(command: str) -> list[Points]:
    """Where the state is lost, too: a kill at a call that reads leaves what the one at the call before it left.

    `deploy` knows the stack from its state alone, so that it cannot be killed a second time. `pause` and `resume`
    refuse without a state, and `up` then finds a stack that is not paused: they have nothing to finish.
    """
    if command in ("pause", "resume"):
        return []
    pairs = _twice(command)
    return [(point,) for pair in pairs for point in pair] if command in DEPLOYS else _linked(pairs)


def _linked(pairs: Iterable[Points]) -> list[Points]:
    """Some pairs after another, early calls first: a run that dies at one has the next still before it.

    The n-th calls of all operations stand together: what was made is not made again, so that no second one is left.
    """
    in_turn = sorted(pairs, key=lambda pair: pair[0].occurrence)
    return [tuple(chain.from_iterable(links)) for links in _cut(in_turn, LINKS)]


def batches(command: str) -> list[Points]:
    """Each fault at each call that changes something, and one fault at the first call of each that reads.

    Several go into one run, each at another call, so that the whole stays affordable.
    """
    changing = [replace(point, kind=kind) for kind in FAULTS for point in _changing(command)]
    first = [point for point in _reading(command) if point.occurrence == 1]
    reading = [replace(point, kind=FAULTS[n % len(FAULTS)]) for n, point in enumerate(first)]
    return _packed([*changing, *reading])


def _packed(points: Iterable[Point]) -> list[Points]:
    """In as few groups as may be, none of which has two points at one call, or more than `ALIKE` of one kind."""
    groups: list[list[Point]] = []
    for point in points:
        group = next((group for group in groups if _has_room(group, point)), None)
        if group is None:
            groups.append(group := [])
        group.append(point)
    return [tuple(group) for group in groups]


def _has_room(group: Sequence[Point], point: Point) -> bool:
    alike = sum(other.kind == point.kind for other in group)
    taken = {(other.operation, other.occurrence) for other in group}
    return len(group) < TOGETHER and alike < ALIKE and (point.operation, point.occurrence) not in taken


def _twice(command: str) -> list[Points]:
    """Two deaths at each call that changes something: the same command, run again, dies after it took effect."""
    before = [replace(point, kind="kill-before") for point in _changing(command)]
    return [(point, replace(point, kind="kill-after", occurrence=1)) for point in before]


def _changing(command: str) -> list[Point]:
    return [point for point in _points(command) if not point.reads]


def _reading(command: str) -> list[Point]:
    return [point for point in _points(command) if point.reads]


def _points(command: str) -> list[Point]:
    calls = recorded()[command]
    return [Point(command, "", name, n) for name, count in calls.items() for n in range(1, count + 1)]


def _cut(items: Sequence[T], size: int) -> list[tuple[T, ...]]:
    return [tuple(items[n : n + size]) for n in range(0, len(items), size)]


def writes(command: str) -> list[Write]:
    """Every write of the state."""
    return [Write(command, n) for n in range(1, recorded()["writes"][command] + 1)]


def woven(*rows: Sequence[T]) -> list[T]:
    """The rows' members in turns, evenly: what builds a stack is followed by what takes it away."""
    places = [((n + 0.5) / len(row), number, item) for number, row in enumerate(rows) for n, item in enumerate(row)]
    return [item for _, _, item in sorted(places, key=lambda place: place[:2])]


def sample(rows: Iterable[Sequence[T]], counts: Sequence[int], seed: str) -> list[T]:
    """So many of each row, the same ones for the same seed."""
    chosen = random.Random(seed)
    return [item for row, count in zip(rows, counts, strict=True) for item in chosen.sample(list(row), count)]
