"""The debug log of each command: that there is one, and in which directory."""

import json
import re
from pathlib import Path

import pytest

from awsprov.cli import cli
from awsprov.cli.help_format import Command
from tests.unit.cli.conftest import CONFIG, Call, commands

# Commands that make no call to AWS, with their exit codes in a project without a stack.
OFFLINE = [
    ("init --name demo", 8),
    ("unlock", 0),
    ("config show", 0),
    ("local status", 6),
    ("local env", 6),
    ("local stop", 0),
    ("help exit-codes", 0),
    ("completion bash", 0),
]


@pytest.fixture
def users_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the logs of commands without a state directory."""
    directory = tmp_path / "of-the-user"
    monkeypatch.setattr("awsprov.cli.command_log.user_state_directory", lambda: directory)
    return directory / "logs"


@pytest.mark.parametrize(("line", "code"), OFFLINE)
def test_a_command_logs_into_the_state_directory(
    awsprov: Call, project: Path, users_logs: Path, line: str, code: int
) -> None:
    (project / ".awsprov").mkdir()
    result = awsprov(*line.split())
    assert result.code == code
    [log] = (project / ".awsprov" / "logs").iterdir()
    assert re.search(rf"awsprov \S+ {line.split(maxsplit=1)[0]}\b.*, Python ", log.read_text())
    assert (f"Log: {log}" in result.err) is (code != 0)
    assert not users_logs.exists()


@pytest.mark.parametrize(("line", "code"), OFFLINE)
def test_a_log_creates_no_state_directory(awsprov: Call, project: Path, users_logs: Path, line: str, code: int) -> None:
    assert awsprov(*line.split()).code == code
    assert not (project / ".awsprov").exists()
    [log] = users_logs.iterdir()
    assert re.search(rf"awsprov \S+ {line.split(maxsplit=1)[0]}\b.*, Python ", log.read_text())


def test_init_leaves_nothing_but_the_project(awsprov: Call, tmp_path: Path, users_logs: Path) -> None:
    assert awsprov("init", "--name", "demo").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml", "lambda_src", users_logs.parent.name}
    assert len(list(users_logs.iterdir())) == 1


def test_a_wrong_configuration_leaves_a_log(awsprov: Call, project: Path, users_logs: Path) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("name: demo", "name: S3cret!"))
    document = json.loads(awsprov("plan", "--json").out)
    [log] = users_logs.iterdir()
    assert document["log"] == str(log)
    assert "plan failed: UsageError" in log.read_text()
    assert "S3cret" not in log.read_text()


def test_every_command_has_a_log() -> None:
    found = list(commands(cli))
    assert len(found) > len(OFFLINE)
    assert [name for name, command in found if not isinstance(command, Command)] == []


def test_help_leaves_no_log(awsprov: Call, users_logs: Path) -> None:
    for arguments in (["--help"], ["plan", "--help"], ["libs", "list", "--help"]):
        assert awsprov(*arguments).code == 0
    assert not users_logs.exists()


def test_shell_completion_leaves_no_log(
    awsprov: Call, project: Path, users_logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AWSPROV_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "awsprov plan --stage ")
    monkeypatch.setenv("COMP_CWORD", "3")
    monkeypatch.chdir(project)
    with pytest.raises(SystemExit):
        cli.main([], "awsprov")
    assert not users_logs.exists()
    assert not (project / ".awsprov").exists()
