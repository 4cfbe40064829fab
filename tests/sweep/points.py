"""Where a command can be hit: its calls as a clean run makes them, each by its operation and how often that came.

So named, a point stays the same although resources are worked on side by side and their calls come in any order.

A call that changes something is hit twice: before it takes effect and after. One that only reads is hit once: what the
world holds is the same before and after it. Questions that are repeated while something is waited for are not counted:
`calls.json` is recorded on a cloud that is instant (`python -m tests.sweep.record`).
"""

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

RECORD = Path(__file__).with_name("calls.json")
COMMANDS = ("up", "code", "libraries", "down")  # `deploy` of new code, and of new libraries, between the two others
FAULTS = ("throttle", "error", "cut-before", "cut-after", "slow", "truncate")
TOGETHER = 6  # faults in one run
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


def _points(command: str, kind: str) -> list[Point]:
    calls = recorded()[command]
    return [Point(command, kind, name, n) for name, count in calls.items() for n in range(1, count + 1)]


def kills(command: str) -> list[Point]:
    """Every call of a command: before and after those that change something, once at those that read."""
    before, after = _points(command, "kill-before"), _points(command, "kill-after")
    return [*before, *(point for point in after if not point.reads)]


def lost(command: str) -> list[Point]:
    """Where the state is lost, too: a kill at a call that reads leaves what the one at the call before it left."""
    return [point for point in kills(command) if not point.reads]


def batches(command: str) -> list[tuple[Point, ...]]:
    """Each fault at each call that changes something, and one fault at the first call of each that reads.

    Several faults go into one run, each of another kind and at another call, so that the whole stays affordable.
    """
    changing = [point for point in _points(command, "") if not point.reads]
    reading = [point for point in _points(command, "") if point.reads and point.occurrence == 1]
    size = min(TOGETHER, len(changing))
    stride = len(changing) // size
    spread = [
        [replace(changing[(n + k * stride) % len(changing)], kind=kind) for k, kind in enumerate(kinds)]
        for kinds in _cut(FAULTS, size)
        for n in range(len(changing))
    ]
    looks = [replace(point, kind=FAULTS[n % len(FAULTS)]) for n, point in enumerate(reading)]
    return [tuple(group) for group in (*spread, *_cut(looks, TOGETHER))]


def _cut(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[n : n + size] for n in range(0, len(items), size)]


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
