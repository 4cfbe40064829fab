"""A handler that is not valid Python: what is live already can be looked at, rolled back and deleted."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Call

NOT_READ = ["status", "logs", "explain", "history", "rollback", "invoke", "pause", "resume", "down", "cost", "graph"]
NOT_READ += ["libs list", "recover", "stages", "unlock", "ssh"]


@pytest.fixture
def broken(project: Path) -> Path:
    """A project whose handler was left in the middle of a change."""
    (project / "src" / "app.py").write_text("def handler(event, context):\n    return (\n")
    return project


@pytest.mark.parametrize("command", NOT_READ)
def test_commands_about_what_is_live_do_not_read_it(awsprov: Call, broken: Path, command: str) -> None:
    result = awsprov(*command.split(), "--yes")
    assert "not valid Python" not in result.err
    assert "has a bug" not in result.err


@pytest.mark.parametrize("command", ["plan", "up", "deploy", "doctor", "lock"])
def test_commands_that_use_it_report_it(awsprov: Call, broken: Path, command: str) -> None:
    result = awsprov(command)
    assert result.code == 2
    assert "not valid Python" in result.err
