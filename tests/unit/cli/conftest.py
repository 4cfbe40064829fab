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
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


def names(group: click.Group, before: str = "") -> Iterator[str]:
    """The commands of a group, and those of the groups in it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = isinstance(command, click.Group)
        yield from names(command, f"{before}{name} ") if inner else [before + name]  # type: ignore[arg-type]


@pytest.fixture
def awsprov(tmp_path: Path, offline: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in a directory of its own, without a terminal, without credentials, and without a network."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Said:
        code = run(list(arguments))
        result = capsys.readouterr()
        return Said(code, result.out, result.err)

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path
