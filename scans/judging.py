"""What a scanner found, held to the table of what is known: `expected.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("expected.toml")
COUNTED = ("cost", "wanted")  # what the stack is like; the other chapters hold what is not the stack's


@dataclass(frozen=True)
class Result:
    """One check on one thing."""

    check: str
    thing: str
    failed: bool


@dataclass(frozen=True)
class Entry:
    """One line of the table.

    Attributes:
        only: part of the name of the things for which it holds; all of them when it is empty.
    """

    chapter: str
    check: str
    why: str
    only: str = ""

    def covers(self, result: Result) -> bool:
        """Whether this failure is known."""
        return result.check == self.check and self.only in result.thing


@dataclass(frozen=True)
class Verdict:
    """What is left of a scan.

    Attributes:
        failed: the checks that fail on something of the stack's.
        checks: all checks that looked at something of the stack's.
        unknown: failures that the table does not name.
        idle: the table's lines that nothing failed.
        dropped: how many failed checks are not counted, by chapter.
    """

    name: str
    bar: int
    failed: tuple[str, ...]
    checks: int
    unknown: tuple[Result, ...]
    idle: tuple[Entry, ...]
    dropped: dict[str, int]

    @property
    def held(self) -> bool:
        """Whether nothing unknown fails, nothing known passes, and no more fails than may."""
        return not (self.unknown or self.idle or len(self.failed) > self.bar)

    def lines(self) -> list[str]:
        """As it is printed."""
        besides = ", ".join(f"{count} {chapter}" for chapter, count in self.dropped.items())
        totals = f"{self.name}: {len(self.failed)} failed of {self.checks} (at most {self.bar}"
        return [
            f"{totals}; not counted: {besides})" if besides else f"{totals})",
            *(f"  unknown: {each.check} on {each.thing}" for each in self.unknown),
            *(f"  no longer fails: {each.check} ({each.chapter})" for each in self.idle),
        ]


def table(name: str, file: Path = TABLE) -> tuple[int, list[Entry]]:
    """The bar of a scanner, and what is known of its checks."""
    chapters: dict[str, Any] = dict(tomllib.loads(file.read_text())[name])
    bar = int(chapters.pop("at_most"))
    lines = [(chapter, check, entry) for chapter, checks in chapters.items() for check, entry in checks.items()]
    return bar, [_entry(chapter, check, one) for chapter, check, entry in lines for one in _each(entry)]


def _each(entry: Any) -> list[Any]:
    return entry if isinstance(entry, list) else [entry]


def _entry(chapter: str, check: str, entry: Any) -> Entry:
    return (
        Entry(chapter, check, entry) if isinstance(entry, str) else Entry(chapter, check, entry["why"], entry["only"])
    )


def judge(name: str, results: Iterable[Result], foreign: Iterable[str] = (), file: Path = TABLE) -> Verdict:
    """Hold a scan to the table.

    Arguments:
        name: the scanner's.
        results: all of its checks on all things.
        foreign: parts of the names of things that no stack made.
    """
    bar, entries = table(name, file)
    excluded = tuple(foreign)
    judged = [result for result in results if not any(part in result.thing for part in excluded)]
    failures = [result for result in judged if result.failed]
    known = {result: next((e for e in entries if e.covers(result)), None) for result in failures}
    counted = [result for result, entry in known.items() if entry is None or entry.chapter in COUNTED]
    dropped: defaultdict[str, set[str]] = defaultdict(set)
    for result, entry in known.items():
        if entry and entry.chapter not in COUNTED:
            dropped[entry.chapter].add(result.check)
    elsewhere = {e.check for e in entries if e.chapter not in COUNTED and not e.only}
    used = {entry for entry in known.values() if entry}
    return Verdict(
        name,
        bar,
        tuple(sorted({result.check for result in counted})),
        len({result.check for result in judged} - elsewhere),
        tuple(result for result, entry in known.items() if entry is None),
        tuple(entry for entry in entries if entry not in used),
        {chapter: len(checks) for chapter, checks in sorted(dropped.items())},
    )
