"""Commands in messages: each can be parsed by the real command line, and acts on the stack of the command."""

import ast
import itertools
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

import click
import pytest

from awsprov.cli import cli
from awsprov.cli.settings import Settings
from awsprov.hints import complete, complete_document

PACKAGE = Path(__file__).parents[3] / "awsprov"
HERE = Settings(
    config=Path("my project/it's.yaml"),
    stage="other",
    state_dir=Path("/tmp/a b"),  # noqa: S108 - a name, nothing is written
    local=True,
    profile="work",
    region="eu-west-1",
)
HINT = re.compile(r"`([^`\n]*\bawsprov [^`\n]+)`")


@cache
def literals(path: Path) -> tuple[str, ...]:
    """All strings in a module, except docstrings; the values in f-strings are `1`."""
    return tuple(_literals(path))


def _literals(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    skipped = {
        id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, documented) and isinstance(n.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


def hints() -> list[str]:
    """Every command in a message, and in a topic of `awsprov help`, as it is printed with the options of HERE."""
    modules = [path for path in PACKAGE.rglob("*.py") if "local" not in path.relative_to(PACKAGE).parts[:1]]
    named = [path for path in modules if "awsprov " in path.read_text(encoding="utf-8")]  # parsing them all takes 2 s
    texts = [text for path in named for text in literals(path)]
    found = [hint for text in texts for hint in HINT.findall(HERE.complete(text))]
    return sorted({hint for hint in found if not hint.endswith("awsprov COMMAND --help") and "TOPIC" not in hint})


def parse(words: list[str]) -> tuple[str, Settings]:
    """Parse a command line as awsprov does, without running it; return the first command and the common options."""
    settings, command, names = Settings(), cast("click.Command", cli), list[str]()
    context = command.make_context("awsprov", list(words), obj=settings)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert name
        assert found
        context, command = found.make_context(name, rest, parent=context), found
        names.append(name)
    return names[0], settings


@pytest.mark.parametrize("hint", hints())
def test_a_hint_is_a_command_for_the_same_stack(hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").touch()  # as a hint names a file for which the reader has another name
    line = re.search(r"(?s)\$\((awsprov .*?)\)\"", hint) or re.search(r"^(awsprov .*)", hint)
    assert line
    words = shlex.split(line[1])[1:]
    words = list(itertools.takewhile(lambda word: word not in ("<", ">"), words))
    if "--help" in words:
        return
    try:
        command, settings = parse(words)
    except click.UsageError:  # what the message fills in is options
        command, settings = parse([word for word in words if word != "1"])
    if command in ("help", "init", "completion"):
        return
    assert (settings.config, settings.state_dir) == (HERE.config, HERE.state_dir)
    if command != "local":
        stage = "1" if settings.like else HERE.stage  # with --like, of the stage that the message names
        region = "1" if "--region 1" in hint else HERE.region  # with --region, the one that the message names
        assert (settings.stage, settings.local, settings.region) == (stage, True, region)


def test_there_are_hints() -> None:
    assert len(hints()) > 30


def test_no_hint_is_printed_past_the_function_that_completes_it() -> None:
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.echo", "print", "click.secho"):
                printed = ast.unparse(node)
                assert "`awsprov" not in printed or "complete(" in printed, f"{path.name}: {printed}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run `awsprov up`.", "Run `awsprov up --stage x --local`."),
        ("Run `awsprov up --replace builder` now.", "Run `awsprov up --stage x --local --replace builder` now."),
        ("`awsprov up --local`", "`awsprov up --stage x --local`"),
        (
            "`awsprov libs list`, `awsprov ssh -- ls`",
            "`awsprov libs list --stage x --local`, `awsprov ssh --stage x --local -- ls`",
        ),
        ("awsprov up", "awsprov up"),
        ("`awsprov help state`", "`awsprov help state`"),
        ("`awsprov invoke --help`", "`awsprov invoke --help`"),
        ("`awsprov local start`", "`awsprov local start`"),
    ],
)
def test_options_are_added_once_and_only_to_commands_of_a_stack(text: str, expected: str) -> None:
    options = Settings(stage="x", local=True).options
    assert complete(text, options) == expected
    assert complete(expected, options) == expected


def test_documents_are_complete_in_all_their_texts() -> None:
    document = {"a": ["`awsprov up`", 1, None], "b": {"c": "`awsprov plan`"}}
    completed = {"a": ["`awsprov up --local`", 1, None], "b": {"c": "`awsprov plan --local`"}}
    assert complete_document(document, Settings(local=True).options) == completed


def test_the_stage_that_a_new_one_is_like_is_for_commands_before_it_exists() -> None:
    new = Settings(stage="pr-12", like="test")
    assert new.command_hint("up") == "awsprov up --stage pr-12 --like test"
    assert new.complete("`awsprov down`, then `awsprov plan`") == (
        "`awsprov down --stage pr-12`, then `awsprov plan --stage pr-12 --like test`"
    )
