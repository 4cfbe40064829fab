"""The life of a stack with all adverse properties of a shell, a terminal and a directory at once.

stdout and stderr are ASCII, the terminal has 40 columns, all paths have spaces and an ñ, the project cannot be written
to, the state is elsewhere, and the package index is on loopback, which neither NO_PROXY nor a working proxy leads to.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.projects import HANDLER, LIBRARY, Project, lay_out, wheel
from tests.e2e.test_widths import Shown, too_wide
from tests.unit.packaging.package_index import PackageIndex, serving

WIDTH = 40
NOWHERE = "http://127.0.0.1:9"  # nothing listens there
SHELL = {
    **dict.fromkeys(("HTTP_PROXY", "http_proxy"), NOWHERE),
    "NO_PROXY": "example.com",
    "no_proxy": "example.com",
    "PYTHONIOENCODING": "ascii",
    "COLUMNS": str(WIDTH),
}
GREETING = "ñandú ✓"
LIFE = (
    ["up", "--yes"], ["status"], ["plan", "--detailed-exitcode"], ["invoke", "{}"], ["invoke", "--http", "{}"],
    ["logs"], ["deploy"], ["explain"], ["history"], ["cost"], ["libs", "list"], ["down", "--yes"],
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    wheels = tmp_path_factory.mktemp("wheels")
    wheel(wheels, "1.0")
    with serving(wheels) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path, index: PackageIndex, kept_runtimes: Path) -> Iterator[Project]:
    """A project whose lock was written before its directory became read-only, with a cloud of its own."""
    state_dir = tmp_path / "estado de año"
    (state_dir / "local").mkdir(parents=True)
    (state_dir / "local" / "runtimes").symlink_to(kept_runtimes)
    created = lay_out(tmp_path / "mi año nuevo", "adverse", state_dir)
    created.environment = SHELL
    source = created.home / "lambda_src"
    (source / "requirements.txt").write_text(f"--index-url {index.url()}\n{LIBRARY}==1.0\n")
    (source / "lambda_function.py").write_text(f"{HANDLER}\nprint({GREETING!r})\n", encoding="utf-8")
    (source / "canción.txt").write_text(GREETING, encoding="utf-8")
    run(created, "lock")
    with read_only(created.home):
        yield created
    created.start("local", "stop").communicate(timeout=60)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Make a directory read-only. What a superuser writes nevertheless is found at the end."""
    paths = sorted([directory, *directory.rglob("*")])
    before = {path: path.read_bytes() for path in paths if path.is_file()}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
        assert sorted([directory, *directory.rglob("*")]) == paths
        assert {path: path.read_bytes() for path in before} == before
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def run(project: Project, *words: str) -> Shown:
    """Run a command in a process that starts like a user's; return what it printed, which is ASCII.

    The response of a function is not among it: a pipe gets it unchanged.
    """
    environment = {**os.environ, **project.environment}
    command = [sys.executable, "-m", "awsprov", *project.words(*words)]
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=project.timeout, check=False)  # fmt: skip
    assert ended.returncode == 0, f"{words}: {ended.stdout!r}{ended.stderr!r}"
    output = b"" if words[0] == "invoke" else ended.stdout
    return Shown(f"{ended.stderr.decode('ascii')}\n{output.decode('ascii')}")


def test_a_whole_life(project: Project) -> None:
    shown = {tuple(words): run(project, *words) for words in LIFE}
    assert {words: too_wide(each, WIDTH) for words, each in shown.items() if too_wide(each, WIDTH)} == {}
    assert r"\xf1and\xfa +" in shown["logs",].text
