"""Files of a project that are broken or missing: an existing stack can be inspected, rolled back and deleted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Call

NOT_READ = ["status", "logs", "explain", "history", "rollback", "invoke", "pause", "resume", "down", "cost", "graph"]
NOT_READ += ["libs list", "recover", "stages", "unlock", "ssh"]
READ = ["plan", "up", "deploy", "doctor", "lock"]
ALL_FILES = """\
keypair: {public_key: key.pub, private_key: key}
libraries: {requirements: requirements.txt, files: model}
functions:
  predict:
    source: src
    handler: app.handler
    env_file: .env
    secrets: {TOKEN: ssm:/token}
    smoke: {file: request.json}
"""


@pytest.fixture
def broken(project: Path) -> Path:
    """A project whose handler is half edited."""
    (project / "src" / "app.py").write_text("def handler(event, context):\n    return (\n")
    return project


@pytest.mark.parametrize("command", NOT_READ)
def test_commands_about_what_is_live_do_not_read_the_handler(awsprov: Call, broken: Path, command: str) -> None:
    result = awsprov(*command.split(), "--yes")
    assert "not valid Python" not in result.err
    assert "has a bug" not in result.err


@pytest.mark.parametrize("command", READ)
def test_commands_that_use_it_report_it(awsprov: Call, broken: Path, command: str) -> None:
    result = awsprov(command)
    assert result.code == 2
    assert "not valid Python" in result.err


@pytest.fixture
def whole(project: Path) -> Path:
    """A project that names a file of each kind."""
    (project / "config.yaml").write_text(f"name: demo\nregion: us-east-1\n{ALL_FILES}")
    (project / "model").mkdir()
    for name in ("key", "key.pub", ".env"):
        (project / name).write_text("A_VALUE=1\n")
    (project / "request.json").write_text("{}")
    return project


MISSING = ["requirements.txt", "src", "model", ".env", "request.json", "key", "key.pub"]


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("command", ["down", "rollback", "status"])
def test_a_file_that_is_missing_stops_only_what_needs_it(
    awsprov: Call, whole: Path, command: str, missing: str
) -> None:
    (shutil.rmtree if (whole / missing).is_dir() else Path.unlink)(whole / missing)
    result = awsprov(command, "--yes")
    assert "credentials" in result.err  # the first call to AWS
    assert result.code == 3
    assert awsprov("plan").code == 2


def _break_lines(path: Path) -> None:
    path.write_text("==\n=\n")


def _break_requirement(path: Path) -> None:
    path.with_name("requirements.txt").write_text("numpy @@ 1\n")


@pytest.mark.parametrize("harm", [_break_lines, _break_requirement])
@pytest.mark.parametrize("command", ["down", "rollback", "status"])
def test_so_does_one_that_is_not_valid(awsprov: Call, whole: Path, command: str, harm: Callable[[Path], None]) -> None:
    harm(whole / ".env")
    assert awsprov(command, "--yes").code == 3
    assert awsprov("plan").code == 2


def test_a_directory_of_a_project_file_may_be_missing(awsprov: Call, project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("requirements: requirements.txt", "project: gone"))
    assert awsprov("down", "--yes").code == 3
    assert awsprov("plan").code == 2


@pytest.mark.parametrize("command", ["down", "rollback", "status"])
def test_an_unknown_key_is_a_warning_there(awsprov: Call, project: Path, command: str) -> None:
    with (project / "config.yaml").open("a") as file:
        file.write("networks: {nat: none}\nbuilder: {instance: t3.small}\n")
    result = awsprov(command, "--yes")
    assert result.code == 3
    assert "Warning: config.yaml:6:1: unknown key `networks`; did you mean `network`?" in result.err
    assert "unknown key `instance`" in result.err
    refused = awsprov("plan")
    assert refused.code == 2
    assert "2 errors" in refused.err


@pytest.mark.parametrize("key", ["libraries", "functions", "name"])
def test_a_required_key_that_is_misspelled_is_an_error_everywhere(awsprov: Call, project: Path, key: str) -> None:
    (project / "config.yaml").write_text(CONFIG.replace(f"{key}:", f"{key}x:", 1))
    result = awsprov("down", "--yes")
    assert result.code == 2
    assert "one error" in result.err
    assert f"unknown key `{key}x`; did you mean `{key}`?" in result.err


def test_a_wrong_value_is_an_error_everywhere(awsprov: Call, project: Path) -> None:
    with (project / "config.yaml").open("a") as file:
        file.write("networks: {}\nbuilder: {when_idle: dance}\n")
    result = awsprov("down", "--yes")
    assert result.code == 2
    assert "2 errors" in result.err
