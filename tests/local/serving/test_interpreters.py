"""Which Python interpreter runs a runtime: one of its version that works, chosen once."""

import json
import os
import platform
import sys
from pathlib import Path

import pytest

from awsprov.local import interpreters, uv
from tests.local.serving.conftest import PYTHON

OWN = Path(getattr(sys, "_base_executable", sys.executable))
NAME = f"python{PYTHON}"


@pytest.fixture(autouse=True)
def nothing_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No choice so far, no interpreter that is installed, and no download."""
    monkeypatch.setattr(interpreters, "_choices", interpreters._Choices())
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "own" / "python"), raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "managed"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.delenv("PYENV_ROOT", raising=False)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def interpreter(directory: Path) -> Path:
    """A second name of the interpreter that runs these tests."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / NAME).symlink_to(OWN)
    return directory / NAME


def test_the_clouds_own_version_is_the_interpreter_below_its_virtual_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "_base_executable", str(OWN), raising=False)
    found = interpreters.find(PYTHON)
    assert (found.version, found.exact) == (platform.python_version(), True)
    assert found.path.resolve() == OWN.resolve()
    assert ".venv" not in found.path.parts


def test_a_name_that_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin" / NAME, "#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    right = interpreter(tmp_path / "right")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{right.parent}")
    assert interpreters.find(PYTHON) == interpreters.Interpreter(right, platform.python_version(), exact=True)


def test_the_versions_of_pyenv_are_searched_and_its_shims_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shims = interpreter(tmp_path / ".pyenv" / "shims").parent
    monkeypatch.setenv("PATH", str(shims))
    expected = interpreter(tmp_path / f".pyenv/versions/{PYTHON}.2/bin")
    assert interpreters.find(PYTHON).path == expected


def test_a_version_that_is_not_installed_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv's own download is not tested here: `uv python install` is replaced by a link."""
    run = uv.run

    def replaced(*arguments: str, **environment: str) -> str:
        if arguments[:2] == ("python", "install"):
            interpreter(tmp_path / "bin")
            return ""
        return run(*arguments, **environment)

    monkeypatch.setattr(uv, "run", replaced)
    found = interpreters.find(PYTHON)
    assert (found.path, found.exact) == (tmp_path / "bin" / NAME, True)


def test_without_the_version_the_clouds_own_python_runs() -> None:
    found = interpreters.find("3.98")
    assert (found.version, found.exact) == (platform.python_version(), False)


def test_a_choice_stays_while_the_interpreter_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreters.record(tmp_path)
    first = interpreter(tmp_path / "bin")
    assert interpreters.find(PYTHON).path == first
    newer = interpreter(tmp_path / "newer")
    monkeypatch.setenv("PATH", f"{newer.parent}{os.pathsep}{first.parent}")
    interpreters.record(tmp_path)  # the cloud has been started again
    assert interpreters.find(PYTHON).path == first
    document = json.loads((tmp_path / "interpreters.json").read_text())
    assert document[PYTHON] == {"path": str(first), "version": platform.python_version(), "exact": True}
    first.unlink()
    interpreters.record(tmp_path)
    assert interpreters.find(PYTHON).path == newer
