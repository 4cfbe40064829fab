"""Fixtures and hooks of all tests: which of them need a cloud, in which order they run, and how to run them offline."""

import os
import signal
import socket
from pathlib import Path

import pytest
from hypothesis import settings

from tests.sweep.report import (
    deselect_survivors,
    pytest_report_header,
    pytest_runtest_logreport,
    pytest_terminal_summary,
)

__all__ = ["pytest_report_header", "pytest_runtest_logreport", "pytest_terminal_summary"]

CLOUD = {"start_cloud", "kept_runtimes", "tab"}  # fixtures that start a local cloud or a browser
SLOW = ("sweep", "e2e")  # directories, slowest first

os.environ.pop("COLUMNS", None)  # with it, commands lay their output out for a terminal of that width
os.environ.pop("CI", None)  # with it, commands refuse a lock file that is missing or stale

# The same inputs in each run, so that a change fails for its own faults; random ones for `make fuzz`.
settings.register_profile("same", max_examples=150, deadline=None, derandomize=True)
settings.register_profile("random", max_examples=3000, deadline=None)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)  # pytest deselects by marker later
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a cloud, and run the slow ones first: a worker that starts one last ends alone."""
    deselect_survivors(config, items)
    for item in items:
        if CLOUD.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("cloud")
    items.sort(key=_speed)


def _speed(item: pytest.Item) -> int:
    directory = item.path.relative_to(Path(__file__).parent).parts[0]
    return SLOW.index(directory) if directory in SLOW else len(SLOW)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Handle Ctrl-C: a suite in a shell's background ignores it, and so would all commands that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache for the tests: their durations are not those that are usual on this machine."""
    os.environ["AWSPROV_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def no_fsync() -> None:
    """Skip fsync: only a power failure loses data that was not synced, and no test simulates one."""
    os.fsync = lambda fd: None


@pytest.fixture(scope="session", autouse=True)
def no_python_downloads() -> None:
    """Use the installed Pythons only: the local cloud would download a missing one."""
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"


@pytest.fixture(scope="session", autouse=True)
def own_state_directory(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Authenticate the state of local clouds with a key of the tests, not with the user's (on Linux)."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def kept_runtimes(pytestconfig: pytest.Config) -> Path:
    """Where the Lambda runtimes' environments are kept between test runs: they are installed once."""
    assert pytestconfig.cache
    return Path(pytestconfig.cache.mkdir("lambda-runtimes"))


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no settings of AWS or of awsprov, and no network."""
    ours = {name for name in os.environ if name.startswith(("AWS_", "AWSPROV_"))}
    for name in ours - {"AWSPROV_CACHE_DIR"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    def refused(*_: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
