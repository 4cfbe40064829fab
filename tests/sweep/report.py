"""Report the sweeps: the seed at the start, a summary at the end, and how to repeat each trial that failed.

A whole sweep that is interrupted continues when it is started again: a journal records the trials that passed.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.sweep.modes import SEED, WHOLE

_JOURNAL = os.environ.get("AWSPROV_SWEEP_JOURNAL", "")
_WORKER = "PYTEST_XDIST_WORKER" in os.environ  # a worker knows its own trials only


def pytest_report_header() -> str:
    return "sweeps: whole" if WHOLE else f"sweeps: a sample, AWSPROV_SWEEP_SEED={SEED}"


def deselect_survivors(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the trials that survived before an interruption."""
    survived = _journal()
    done = [item for item in items if _plain(item.nodeid) in survived]
    if done:
        config.hook.pytest_deselected(items=done)
        items[:] = [item for item in items if item not in done]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add a trial that passed to the journal."""
    if _JOURNAL and _sweep(report) and report.passed and not _WORKER:
        with Path(_JOURNAL).open("a") as journal:
            journal.write(f"{_plain(report.nodeid)}\t{_sweep(report)}\t{_points(report)}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Print `survived X of Y` for each sweep, and how to repeat the trials that failed. Workers print nothing."""
    if _WORKER:
        return
    reports = [r for kind in ("passed", "failed", "skipped") for r in terminalreporter.stats.get(kind, [])]
    tried = {_plain(r.nodeid): r for r in reports if isinstance(r, pytest.TestReport) and _sweep(r)}
    survived, total = _sums(tried)
    for sweep, points in total.items():
        terminalreporter.write_line(f"{sweep}: survived {survived[sweep]} of {points}")
    if answers := sum(int(str(n)) for r in tried.values() for name, n in r.user_properties if name == "answers"):
        terminalreporter.write_line(f"calls of the live version meanwhile: {answers} answered, none failed")
    for nodeid, report in tried.items():
        if not report.passed:
            terminalreporter.write_line(f"  AWSPROV_SWEEP=whole python -m pytest '{nodeid}'")
    if _JOURNAL and exitstatus != pytest.ExitCode.INTERRUPTED:
        Path(_JOURNAL).unlink(missing_ok=True)


def _sums(tried: dict[str, pytest.TestReport]) -> tuple[Counter[str], Counter[str]]:
    """Return how many points survived and how many there were, by sweep, with those of the journal."""
    survived, total = Counter[str](), Counter[str]()
    for sweep, points in [trial for nodeid, trial in _journal().items() if nodeid not in tried]:
        survived[sweep] += points
        total[sweep] += points
    for report in tried.values():
        survived[_sweep(report)] += _points(report) * report.passed
        total[_sweep(report)] += _points(report)
    return survived, total


def _journal() -> dict[str, tuple[str, int]]:
    """Return the trials of the journal, each with its sweep and its number of points."""
    exists = _JOURNAL and Path(_JOURNAL).exists()
    lines = [line.split("\t") for line in Path(_JOURNAL).read_text().splitlines()] if exists else []
    return {nodeid: (sweep, int(points)) for nodeid, sweep, points in lines}


def _sweep(report: pytest.TestReport) -> str:
    """Return the sweep of a report, or nothing if it is not about the test itself."""
    return str(dict(report.user_properties).get("sweep", "")) if report.when == "call" else ""


def _points(report: pytest.TestReport) -> int:
    return int(str(dict(report.user_properties).get("points", 1)))


def _plain(nodeid: str) -> str:
    """Return a node ID without the group that xdist adds."""
    return nodeid.rpartition("@")[0] or nodeid
