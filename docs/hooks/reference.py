"""The reference, from the code: commands, keys of config.yaml, exit codes and AWS's errors, a page of Markdown each."""

from collections.abc import Callable, Iterator

import click

from awsprov.aws.error_catalog import TRANSLATIONS
from awsprov.cli import COMMANDS, cli
from awsprov.config.json_schema import parts
from awsprov.errors import EXIT_CODES

Rows = list[tuple[str, ...]]


def commands() -> str:
    """Every command with its arguments, options and examples; the options that all have, once."""
    top = click.Context(cli, info_name="awsprov")
    shared = table(("option", "does"), _options(cli, top))
    text = ["# Commands", "Every command takes these options, before or after its name:", shared]
    text += ["Each of them is read from a variable, too, as `AWSPROV_STAGE`; what is said on the command line wins."]
    for name in COMMANDS:
        text += _command(*entered(cli, name, top), "##")
    return page(text)


def config() -> str:
    """Every key of config.yaml, part by part."""
    text = [
        "# Keys of config.yaml",
        "A key that is not here is an error. The same as [JSON Schema](../config.schema.json), for editors: "
        "`awsprov help --schema > config.schema.json`, and as first line of `config.yaml` "
        "`# yaml-language-server: $schema=config.schema.json`. In a terminal: `awsprov help config`.",
    ]
    for name, about, keys in parts():
        text += [f"## `{name}`", about] if name else []
        rows: Rows = [(_code(key), told, kind.replace(" | ", ", ")) for key, told, kind in keys]
        text.append(table(("key", "is", "may be"), rows))
    return page(text)


def exit_codes() -> str:
    """What each exit code means."""
    rows: Rows = [(_code(str(code)), meaning) for code, meaning in EXIT_CODES.items()]
    return page(["# Exit codes", "The same of every command.", table(("code", "means"), rows)])


def errors() -> str:
    """The AWS errors that awsprov puts in its own words."""
    text = [
        "# Errors of AWS, in plain words",
        "An error says what happened, why, and what to do; AWS's own code, message and request id stay beside it. "
        "An error that is not here is shown as AWS worded it.",
    ]
    rows: Rows = [
        (_code(code), _code(str(known.kind.code)), known.meaning, known.remedy) for code, known in TRANSLATIONS.items()
    ]
    return page([*text, table(("AWS's code", "exit code", "it means", "what to do"), rows)])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "config.md": config,
    "exit-codes.md": exit_codes,
    "errors.md": errors,
}


def page(text: list[str]) -> str:
    """Paragraphs, one beneath the other."""
    return "\n\n".join(text) + "\n"


def table(headings: tuple[str, ...], rows: Rows) -> str:
    """A table of Markdown."""
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def entered(group: click.Group, name: str, outer: click.Context) -> tuple[click.Command, click.Context]:
    """A command of a group, and the context in which it speaks of itself."""
    command = group.get_command(outer, name)
    if command is None:
        raise KeyError(name)
    return command, click.Context(command, info_name=name, parent=outer)


def _command(command: click.Command, context: click.Context, level: str) -> Iterator[str]:
    yield f"{level} {context.command_path.removeprefix('awsprov ')}"
    yield f"```\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```"
    yield from map(_paragraph, (command.help or "").split("\n\n"))
    if own := [row for row in _options(command, context) if row not in _options(cli, context)]:
        yield table(("option", "does"), own)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _command(*entered(command, name, context), f"{level}#")


def _paragraph(text: str) -> str:
    """A paragraph of a command's help; what click does not wrap are examples."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines) if lines[:1] != ["\b"] else "\n".join(["```", *lines[2:], "```"])


def _options(command: click.Command, context: click.Context) -> Rows:
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    return [(_code(names), told) for names, told in filter(None, records) if names != "--version"]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
