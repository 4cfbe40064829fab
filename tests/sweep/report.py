"""What became of the sweeps: the seed at the start, at the end the sums, and how to repeat what failed.

A whole sweep that is interrupted goes on when it is started again: what survived is written down until the end.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.sweep.modes import SEED, WHOLE

_JOURNAL = os.environ.get("AWSPROV_SWEEP_JOURNAL", "")
_WORKER = "PYTEST_XDIST_WORKER" in os.environ  # which ends, and would sum up its own, before the others do


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
    """Write down what survived."""
    if _JOURNAL and _sweep(report) and report.passed and not _WORKER:
        with Path(_JOURNAL).open("a") as journal:
            journal.write(f"{_plain(report.nodeid)}\t{_sweep(report)}\t{_points(report)}\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """`survived X of Y` for each sweep, and how to repeat what did not: said by who hears of all trials."""
    if _WORKER:
        return
    reports = [r for kind in ("passed", "failed", "skipped") for r in terminalreporter.stats.get(kind, [])]
    tried = {_plain(r.nodeid): r for r in reports if isinstance(r, pytest.TestReport) and _sweep(r)}
    survived, total = _sums(tried)
    for sweep, points in total.items():
        terminalreporter.write_line(f"{sweep}: survived {survived[sweep]} of {points}")
    if answers := sum(int(str(n)) for r in tried.values() for name, n in r.user_properties if name == "answers"):
        terminalreporter.write_line(f"calls of what was live meanwhile: {answers} answered, none failed")
    for nodeid, report in tried.items():
        if not report.passed:
            terminalreporter.write_line(f"  AWSPROV_SWEEP=whole python -m pytest '{nodeid}'")
    if _JOURNAL and exitstatus != pytest.ExitCode.INTERRUPTED:
        Path(_JOURNAL).unlink(missing_ok=True)


def _sums(tried: dict[str, pytest.TestReport]) -> tuple[Counter[str], Counter[str]]:
    """How many points survived and how many there were, by sweep: those of before an interruption, too."""
    survived, total = Counter[str](), Counter[str]()
    for sweep, points in [told for nodeid, told in _journal().items() if nodeid not in tried]:
        survived[sweep] += points
        total[sweep] += points
    for report in tried.values():
        survived[_sweep(report)] += _points(report) * report.passed
        total[_sweep(report)] += _points(report)
    return survived, total


def _journal() -> dict[str, tuple[str, int]]:
    """What survived so far, with its sweep and its number of points."""
    there = _JOURNAL and Path(_JOURNAL).exists()
    lines = [line.split("\t") for line in Path(_JOURNAL).read_text().splitlines()] if there else []
    return {nodeid: (sweep, int(points)) for nodeid, sweep, points in lines}


def _sweep(report: pytest.TestReport) -> str:
    """The sweep that it belongs to, if it tells of a trial itself."""
    return str(dict(report.user_properties).get("sweep", "")) if report.when == "call" else ""


def _points(report: pytest.TestReport) -> int:
    return int(str(dict(report.user_properties).get("points", 1)))


def _plain(nodeid: str) -> str:
    """Without the group that xdist adds."""
    return nodeid.rpartition("@")[0] or nodeid
