"""Which Python plays a runtime: one that really runs, chosen once."""

import json
import os
import sys
from pathlib import Path

import pytest

from awsprov.local import interpreters
from tests.local.serving.conftest import PYTHON


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No choice made yet, and a PATH with nothing but this test's own programs."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(interpreters, "_choices", interpreters._Choices())
    (tmp_path / "bin").mkdir()


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def claims(path: Path, version: str) -> Path:
    """A program that answers as an interpreter of that version."""
    return program(path, f"#!/bin/sh\nprintf '%s\\n' {path} {version}\n")


def test_the_clouds_own_version_is_itself_below_any_virtual_environment() -> None:
    found = interpreters.find(PYTHON)
    assert found.exact
    assert found.version.startswith(PYTHON)
    assert found.path == Path(getattr(sys, "_base_executable", sys.executable))
    assert ".venv" not in found.path.parts


def test_a_name_that_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin" / "python3.99", "#!/bin/sh\necho 'pyenv: python3.99: command not found' >&2\nexit 127\n")
    claims(tmp_path / "later" / "python3.99", "3.98.7")  # another version under this name
    right = claims(tmp_path / "right" / "python3.99", "3.99.1")
    places = [tmp_path / name for name in ("bin", "later", "right")]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, places)))
    assert interpreters.find("3.99") == interpreters.Interpreter(right, "3.99.1", exact=True)


@pytest.mark.parametrize("place", [".pyenv/versions/3.99.2/bin", ".local/share/uv/python/cpython-3.99.2-linux/bin"])
def test_the_places_of_version_managers_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(variable, raising=False)
    expected = claims(tmp_path / place / "python3.99", "3.99.2")
    assert interpreters.find("3.99").path == expected


def test_where_there_is_none_the_clouds_own_plays_it_and_says_so() -> None:
    found = interpreters.find("3.98")
    assert not found.exact
    assert found.version == sys.version.split()[0]


def test_a_choice_is_kept_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreters.record(tmp_path)
    first = claims(tmp_path / "bin" / "python3.99", "3.99.1")
    assert interpreters.find("3.99").path == first
    newer = claims(tmp_path / "newer" / "python3.99", "3.99.5")
    monkeypatch.setenv("PATH", f"{newer.parent}{os.pathsep}{first.parent}")
    interpreters.record(tmp_path)  # the cloud has been started again
    assert interpreters.find("3.99").path == first
    assert json.loads((tmp_path / "interpreters.json").read_text())["3.99"]["version"] == "3.99.1"
    first.unlink()
    interpreters.record(tmp_path)
    assert interpreters.find("3.99").path == newer
