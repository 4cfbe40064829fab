"""Generate the reference pages from the code: commands, keys of config.yaml, exit codes and AWS's errors."""

from collections.abc import Callable, Iterator

import click

from awsprov.aws.error_catalog import TRANSLATIONS
from awsprov.cli import cli
from awsprov.cli.registry import COMMANDS
from awsprov.config.json_schema import sections
from awsprov.errors import EXIT_CODES

Rows = list[tuple[str, ...]]


def commands() -> str:
    """Return the page of all commands, with arguments, options and examples; common options are listed once."""
    top = click.Context(cli, info_name="awsprov")
    shared = table(("option", "purpose"), _options(cli, top))
    text = ["# Commands", "Every command takes these options, before or after its name:", shared]
    text += ["Each of them can also be set by an environment variable such as `AWSPROV_STAGE`. The command line wins."]
    for name in COMMANDS:
        text += _command(*entered(cli, name, top), "##")
    return page(text)


def config() -> str:
    """Return the page of all keys of config.yaml, by section."""
    text = [
        "# Keys of config.yaml",
        "Unknown keys are errors. Editors can use the [JSON Schema](../config.schema.json): run "
        "`awsprov help --schema > config.schema.json`, and make "
        "`# yaml-language-server: $schema=config.schema.json` the first line of `config.yaml`. "
        "`awsprov help config` lists the keys in a terminal.",
    ]
    for name, about, keys in sections():
        text += [f"## `{name}`", about] if name else []
        rows: Rows = [(_code(key), meaning, kind.replace(" | ", ", ")) for key, meaning, kind in keys]
        text.append(table(("key", "meaning", "type"), rows))
    return page(text)


def exit_codes() -> str:
    """Return the page of exit codes."""
    rows: Rows = [(_code(str(code)), meaning) for code, meaning in EXIT_CODES.items()]
    return page(["# Exit codes", "All commands use the same exit codes.", table(("code", "meaning"), rows)])


def errors() -> str:
    """Return the page of AWS errors that awsprov explains."""
    text = [
        "# AWS errors",
        "awsprov explains these errors: what happened, why, and what to do. AWS's own code, message and request ID are "
        "shown as well. Other errors are shown with AWS's message only.",
    ]
    rows: Rows = [
        (_code(code), _code(str(known.kind.exit_code)), known.meaning, known.remedy)
        for code, known in TRANSLATIONS.items()
    ]
    return page([*text, table(("AWS's code", "exit code", "meaning", "what to do"), rows)])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "config.md": config,
    "exit-codes.md": exit_codes,
    "errors.md": errors,
}


def page(text: list[str]) -> str:
    """Join paragraphs to a page."""
    return "\n\n".join(text) + "\n"


def table(headings: tuple[str, ...], rows: Rows) -> str:
    """Return a Markdown table."""
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def entered(group: click.Group, name: str, outer: click.Context) -> tuple[click.Command, click.Context]:
    """Return a command of a group, and its context.

    Raises:
        KeyError: the group has no such command.
    """
    command = group.get_command(outer, name)
    if command is None:
        raise KeyError(name)
    return command, click.Context(command, info_name=name, parent=outer)


def _command(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    yield f"{level} {context.command_path.removeprefix('awsprov ')}"
    yield f"```\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```"
    yield from map(_paragraph, (command.help or "").split("\n\n"))
    if own := [row for row in _options(command, context) if row not in _options(cli, context)]:
        yield table(("option", "purpose"), own)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(*entered(command, name, context), f"{level}#")


def _paragraph(text: str) -> str:
    """Return a paragraph of a command's help; a paragraph that click does not wrap contains examples."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines) if lines[:1] != ["\b"] else "\n".join(["```", *lines[2:], "```"])


def _options(command: click.Command, context: click.Context) -> Rows:
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    return [(_code(names), help_text) for names, help_text in filter(None, records) if names != "--version"]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
