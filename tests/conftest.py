"""What holds for all tests: the sweeps' seed is told at the start, and their sums at the end."""

import os

import pytest

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


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache of their own: what takes how long in tests is not what is usual on this machine."""
    os.environ["AWSPROV_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
