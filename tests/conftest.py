"""What holds for all tests: the sweeps' seed is told at the start, and their sums at the end."""

from tests.sweep.report import (
    pytest_collection_modifyitems,
    pytest_report_header,
    pytest_runtest_logreport,
    pytest_terminal_summary,
)

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_report_header",
    "pytest_runtest_logreport",
    "pytest_terminal_summary",
]
