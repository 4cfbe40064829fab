"""The results of a scanner, compared with the accepted findings in `expected.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPECTED = Path(__file__).with_name("expected.toml")
COUNTED = ("cost", "wanted")  # sections about the stack; the others are about the account, the cloud or the scanner


@dataclass(frozen=True)
class Result:
    """The result of one check for one resource."""

    check: str
    resource: str
    failed: bool


@dataclass(frozen=True)
class ExpectedFinding:
    """An entry of `expected.toml`.

    Attributes:
        only: part of the names of the resources that it applies to; empty for all.
    """

    section: str
    check: str
    reason: str
    only: str = ""

    def covers(self, result: Result) -> bool:
        """Return whether the entry is about this failure."""
        return result.check == self.check and self.only in result.resource


@dataclass(frozen=True)
class Report:
    """The result of a scan.

    Attributes:
        limit: how many checks may fail.
        failed: the checks that fail for a resource of the stack.
        checks: the number of checks that apply to a resource of the stack.
        unexpected: failures that have no entry.
        obsolete: entries without a failure.
        not_counted: the number of failed checks that are not counted, by section.
    """

    name: str
    limit: int
    failed: tuple[str, ...]
    checks: int
    unexpected: tuple[Result, ...]
    obsolete: tuple[ExpectedFinding, ...]
    not_counted: dict[str, int]

    @property
    def passed(self) -> bool:
        """Whether each failure has an entry and each entry a failure, and no more checks fail than may."""
        return not (self.unexpected or self.obsolete or len(self.failed) > self.limit)

    def lines(self) -> list[str]:
        """Return the report as text."""
        others = ", ".join(f"{count} {section}" for section, count in self.not_counted.items())
        totals = f"{self.name}: {len(self.failed)} failed of {self.checks} (at most {self.limit}"
        return [
            f"{totals}; not counted: {others})" if others else f"{totals})",
            *(f"  unknown: {each.check} on {each.resource}" for each in self.unexpected),
            *(f"  no longer fails: {each.check} ({each.section})" for each in self.obsolete),
        ]


def expected_findings(name: str, file: Path = EXPECTED) -> tuple[int, list[ExpectedFinding]]:
    """Return how many checks of a scanner may fail, and its entries."""
    sections: dict[str, Any] = dict(tomllib.loads(file.read_text())[name])
    limit = int(sections.pop("at_most"))
    entries = [
        _entry(section, check, value)
        for section, checks in sections.items()
        for check, values in checks.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return limit, entries


def _entry(section: str, check: str, value: Any) -> ExpectedFinding:
    reason, only = (value, "") if isinstance(value, str) else (value["why"], value["only"])
    return ExpectedFinding(section, check, reason, only)


def evaluate(name: str, results: Iterable[Result], foreign: Iterable[str] = (), file: Path = EXPECTED) -> Report:
    """Compare the results of a scan with the accepted findings.

    Arguments:
        name: the scanner's name.
        results: the results of all checks for all resources.
        foreign: parts of the names of resources that do not belong to the stack.
        file: the accepted findings.
    """
    limit, entries = expected_findings(name, file)
    excluded = tuple(foreign)
    own = [result for result in results if not any(part in result.resource for part in excluded)]
    failures = {result: next((e for e in entries if e.covers(result)), None) for result in own if result.failed}
    counted = {result.check for result, entry in failures.items() if entry is None or entry.section in COUNTED}
    not_counted: defaultdict[str, set[str]] = defaultdict(set)
    for result, entry in failures.items():
        if entry and entry.section not in COUNTED:
            not_counted[entry.section].add(result.check)
    elsewhere = {e.check for e in entries if e.section not in COUNTED and not e.only}
    used = {entry for entry in failures.values() if entry}
    return Report(
        name,
        limit,
        tuple(sorted(counted)),
        len({result.check for result in own} - elsewhere),
        tuple(result for result, entry in failures.items() if entry is None),
        tuple(entry for entry in entries if entry not in used),
        {section: len(checks) for section, checks in sorted(not_counted.items())},
    )
