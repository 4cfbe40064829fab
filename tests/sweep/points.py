"""The points at which a command is killed or a call fails: the n-th call of an operation.

Named this way, a point stays the same although resources are created in parallel and their calls come in any order.

A command is killed twice at a call that changes something: before the call takes effect, and, when it is run again,
after that. It is killed once at a call that only reads, since nothing differs before and after; such kills are chained.
Calls that are repeated while waiting do not count: `calls.json` is recorded on a cloud without delays
(`python -m tests.sweep.record`).
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
DEPLOYS = ("code", "libraries")  # `deploy` with new code, and with new libraries
COMMANDS = ("up", *DEPLOYS, "pause", "resume", "down")
CONFIGURATIONS = ("nat-instance", "existing-network", "existing-file-system", "company")  # swept on moto
CHANGED = ("nat-instance", "company")  # those that a stack is changed to
MOTO_COMMANDS = tuple(  # what a change leaves, such as old versions of a policy, is there for `down` to delete
    f"{verb} with {each}"
    for each in CONFIGURATIONS
    for verb in (("up", "change", "down") if each in CHANGED else ("up", "down"))
)
SHARED_COMMANDS = tuple(command for command in MOTO_COMMANDS if command.endswith("company"))  # under a shared lock
FAULTS = ("throttle", "error", "cut-before", "cut-after", "slow", "truncate")
MOTO_FAULTS = ("cut-before", "truncate")
LOSSES = ("lost-lock", "lost-bucket")
TOGETHER = 12  # faults in one run, each at a different call
ALIKE = 2  # of these, faults of one kind
CHAIN = 6  # kills of consecutive runs of a command
LINKS = 3  # pairs of such kills
_READS = re.compile(r"\w+:(Describe|Get|List)")


@dataclass(frozen=True)
class Point:
    """A kill or fault at the n-th call of an operation within a command."""

    command: str
    kind: str
    operation: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.command} {self.kind} {self.operation} {self.occurrence}"

    @property
    def reads(self) -> bool:
        """Whether the call only reads."""
        return bool(_READS.match(self.operation))


Points = tuple[Point, ...]


@dataclass(frozen=True)
class Write:
    """The n-th write of the state by a command."""

    command: str
    number: int

    def __str__(self) -> str:
        return f"{self.command} write {self.number}"


@dataclass(frozen=True)
class Moment:
    """A line that the builder prints while it installs libraries for a command."""

    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.command} {self.output}"


def moments(command: str) -> list[Moment]:
    """Return a moment in each stage of building and publishing.

    Only a new builder installs packages first, and only one that is not has a last build.
    """
    pip, rest = (
        ["Looking in links", "Installing collected"],
        ["compiling", "start pack", "built", "copying", "manifest"],
    )
    first, last_build = (["Complete!"], []) if command == "up" else ([], ["from the last build"])
    return [Moment(command, each) for each in (*first, *pip, *last_build, *rest, "published")]


def recorded() -> dict[str, dict[str, int]]:
    """Return how often each command calls each operation when undisturbed; and how often it writes its state."""
    calls: dict[str, dict[str, int]] = json.loads(RECORD.read_text())
    return calls


def kills(command: str) -> list[Points]:
    """Return kills at each call of a command: before and after calls that change something, once at those that read."""
    return [*_twice(command), *_cut([replace(point, kind="kill-before") for point in _reading(command)], CHAIN)]


def lost(command: str) -> list[Points]:
    """Return the kills after which the state is lost, too. Kills at calls that read would leave nothing else.

    `deploy` finds the stack by its state alone, so it cannot be killed a second time. `pause` and `resume`
    refuse without a state, and `up` then finds a stack that is not paused: they have nothing to finish.
    """
    if command in ("pause", "resume"):
        return []
    return [(point,) for pair in _twice(command) for point in pair] if command in DEPLOYS else linked(command)


def linked(command: str) -> list[Points]:
    """Return the kills at calls that change something in chains, early calls first.

    A run that is killed at one call has not reached the next. The n-th calls of all operations are together: what
    exists is not created again, so later calls of it do not come.
    """
    in_turn = sorted(_twice(command), key=lambda pair: pair[0].occurrence)
    return [tuple(chain.from_iterable(links)) for links in _cut(in_turn, LINKS)]


def losses(command: str) -> list[Points]:
    """Return the loss of the shared lock, and of its bucket, at each call that changes the stack, in chains."""
    in_turn = sorted(_changing(command), key=lambda point: point.occurrence)
    of_stack = [point for point in in_turn if not point.operation.startswith("s3:")]
    return [links for kind in LOSSES for links in _cut([replace(point, kind=kind) for point in of_stack], CHAIN)]


def batches(command: str, kinds: Sequence[str] = FAULTS) -> list[Points]:
    """Return each fault at each call that changes something, and one fault at the first call of each that reads.

    A run has several faults, each at a different call: a run for each would take days.
    """
    changing = [replace(point, kind=kind) for kind in kinds for point in _changing(command)]
    first = [point for point in _reading(command) if point.occurrence == 1]
    reading = [replace(point, kind=kinds[n % len(kinds)]) for n, point in enumerate(first)]
    return _packed([*changing, *reading])


def _packed(points: Iterable[Point]) -> list[Points]:
    """Return few groups, none of which has two points at one call, or more than `ALIKE` of one kind."""
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
    """Return two kills at each call that changes something: before it, and after it when the command is run again."""
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
    """Return every write of the state."""
    return [Write(command, n) for n in range(1, recorded()["writes"][command] + 1)]


def interleave(*rows: Sequence[T]) -> list[T]:
    """Return the items of all rows, evenly interleaved: a trial that creates a stack precedes one that deletes it."""
    places = [((n + 0.5) / len(row), number, item) for number, row in enumerate(rows) for n, item in enumerate(row)]
    return [item for _, _, item in sorted(places, key=lambda place: place[:2])]


def sample(rows: Iterable[Sequence[T]], counts: Sequence[int], seed: str) -> list[T]:
    """Return random items of each row, the same for the same seed."""
    chosen = random.Random(seed)
    return [item for row, count in zip(rows, counts, strict=True) for item in chosen.sample(list(row), count)]
