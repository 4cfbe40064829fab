"""local env: the Python version in it, with and without one in config.yaml."""

import json
import sys
from pathlib import Path

import pytest

from awsprov import local
from awsprov.local.credentials import RootKey
from awsprov.local.running_cloud import RunningCloud
from awsprov.paths import LOCAL_PYTHON
from tests.unit.cli.conftest import CONFIG, Call


@pytest.mark.parametrize(
    ("config", "python"),
    [
        (CONFIG, "3.12"),
        (
            CONFIG.replace("{requirements: requirements.txt}", "{requirements: requirements.txt, python: '3.13'}"),
            "3.13",
        ),
        ("name: demo\n", "3.12"),
        ("- not a mapping\n", "3.12"),
        (None, "3.12"),
    ],
)
def test_env_names_the_python_of_the_configuration(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, python: str
) -> None:
    running = RunningCloud(project, 1, 80, "http://127.0.0.1:80", 0.0, 0.0, {}, 0.0, RootKey("key", "secret"))
    monkeypatch.setattr(local, "find", lambda _: running)
    monkeypatch.setattr(RunningCloud, "resolve_python", lambda _, version: version)
    if config is None:
        (project / "config.yaml").unlink()
    else:
        (project / "config.yaml").write_text(config)
    result = awsprov("local", "env", "--json")
    assert result.code == 0
    assert json.loads(result.out)["variables"][LOCAL_PYTHON] == python


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_every_command_says_that_another_python_stands_in(
    awsprov: Call, project: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    choice = {"path": sys.executable, "version": "3.11.7", "exact": False}
    (project / "interpreters.json").write_text(json.dumps({"3.13": choice, "3.14": {**choice, "exact": True}}))
    running = RunningCloud(project, 1, 80, "http://127.0.0.1:80", 0.0, 0.0, {}, 0.0, RootKey("key", "secret"))
    monkeypatch.setattr(local, "find", lambda _: running)
    text = CONFIG.replace("{requirements: requirements.txt}", f"{{requirements: requirements.txt, python: '{python}'}}")
    (project / "config.yaml").write_text(text)
    result = awsprov("graph", "--local")
    assert result.code == 0, result.err
    assert (f"Python 3.11.7 ({sys.executable}) stands in for Python 3.13." in result.err) == (python == "3.13")
    assert "stands in for Python 3.14" not in result.err
