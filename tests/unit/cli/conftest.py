"""A command line in a directory of its own, without a terminal, without credentials, and without a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from awsprov.cli import run

CONFIG = """\
name: demo
region: us-east-1
libraries: {requirements: requirements.txt}
functions: {predict: {source: src, handler: app.handler, routes: [POST /predict]}}
stages: {prod: {}}
"""


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands of a group with their names, and those of the groups in it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def names(group: click.Group) -> Iterator[str]:
    """The names of the commands of a group, and of the groups in it."""
    return (name for name, _ in commands(group))


@pytest.fixture
def awsprov(tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a directory of its own, without a terminal, without credentials, and without a network."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        code = run(list(arguments))
        result = capsys.readouterr()
        return Result(code, result.out, result.err)

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path
