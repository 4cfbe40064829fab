"""help: commands and topics, offline."""

import json
from collections.abc import Callable
from difflib import get_close_matches
from importlib.resources import files

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, completing, pass_settings
from awsprov.cli.output import print_result
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, width
from awsprov.errors import EXIT_CODES, UsageError
from awsprov.ui.layout import definitions, reflow


@click.command(cls=Command)
@click.argument("topic", required=False, shell_complete=completing("topics"))
@click.option("--schema", is_flag=True, help="Print the JSON Schema of config.yaml, for editors.")
@common()
@pass_settings
@click.pass_context
def help(ctx: click.Context, settings: Settings, topic: str | None, schema: bool) -> int:  # noqa: A001 - its name
    """Explain a command or a topic, offline. Without an argument, list the topics.

    \b
    Examples:
      awsprov help exit-codes
      awsprov help --schema > config.schema.json
    """
    if schema:
        from awsprov.config.json_schema import schema as whole  # noqa: PLC0415 - it needs pydantic

        echo(json.dumps(whole(), indent=2), verbatim=True)
    elif topic is None:
        about = {name: _of(name).partition("\n")[0] for name in TOPICS}
        print_result(settings, "help", _contents(about), topics=about)
    else:
        text = _of(topic) if topic in TOPICS else _command(ctx, topic)
        print_result(settings, "help", reflow(text, width()) if topic in TOPICS else text, text=text)
    return 0


_WIDTH = 80  # columns without a terminal
_KEY = 32  # columns of a key that has its description beside it


def _of(topic: str) -> str:
    """Return a topic's text; its first line is its title."""
    return TOPICS[topic]().rstrip()


def _written(topic: str) -> Callable[[], str]:
    """Return a function that reads a topic from its file."""
    return lambda: files("awsprov.cli.help_topics").joinpath(f"{topic}.md").read_text(encoding="utf-8")


def _exit_codes() -> str:
    lines = [f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["Exit codes: the same for every command.", "", *lines])


def _config() -> str:
    """Return the keys of config.yaml, from the models."""
    from awsprov.config.json_schema import keys  # noqa: PLC0415 - it needs pydantic

    lines = ["Config: the keys of config.yaml. Any other key is an error.", ""]
    lines += definitions(list(keys()), width() or _WIDTH, most=_KEY)
    editors = "For editors: run `awsprov help --schema > config.schema.json`, and begin\nconfig.yaml with"
    return "\n".join([*lines, "", f"{editors}:  # yaml-language-server: $schema=config.schema.json"])


TOPICS: dict[str, Callable[[], str]] = {
    "config": _config,
    "exit-codes": _exit_codes,
    **{topic: _written(topic) for topic in ("state", "secrets", "indexes", "local", "cost")},
}


def _contents(about: dict[str, str]) -> str:
    topics = definitions([(name, line.partition(": ")[2]) for name, line in about.items()], width() or _WIDTH)
    return "\n".join(
        [
            "Topics:",
            *topics,
            "",
            "`awsprov help TOPIC` shows one; `awsprov help COMMAND` is `awsprov COMMAND --help`.",
        ]
    )


def _command(ctx: click.Context, name: str) -> str:
    """Return the help of a command."""
    group = ctx.parent
    command = group.command.get_command(group, name) if group and isinstance(group.command, click.Group) else None
    if group is None or command is None:
        known = [
            *TOPICS,
            *(group.command.list_commands(group) if group and isinstance(group.command, click.Group) else []),
        ]
        near = next(iter(get_close_matches(name, known, 1)), "")
        raise UsageError(
            f"{name!r} is neither a topic nor a command.",
            remedy=f"Did you mean `awsprov help {near}`?" if near else "`awsprov help` lists the topics.",
        )
    return command.get_help(command.context_class(command, info_name=name, parent=group))
