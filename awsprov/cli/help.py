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
    """Explain a command, a topic or a key of config.yaml, offline. Without an argument, list the topics.

    \b
    Examples:
      awsprov help exit-codes
      awsprov help memory
      awsprov help --schema > config.schema.json
    """
    if schema:
        from awsprov.config.json_schema import schema as whole  # it needs pydantic

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
_NEAR = 0.7  # the least similarity of a name that is proposed, from 0 to 1


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
    from awsprov.config.json_schema import keys  # it needs pydantic

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
            "`awsprov help TOPIC` shows one; `awsprov help COMMAND` is `awsprov COMMAND --help`; `awsprov help KEY`",
            "explains a key of config.yaml.",
        ]
    )


def _command(ctx: click.Context, name: str) -> str:
    """Return the help of a command, or of the keys of config.yaml that have the name.

    Raises:
        UsageError: there is none.
    """
    group = ctx.parent
    commands = group.command if group and isinstance(group.command, click.Group) else None
    if group and commands and (command := commands.get_command(group, name)):
        return command.get_help(command.context_class(command, info_name=name, parent=group))
    if keys := _keys(name):
        return keys
    raise _unknown(name, [*TOPICS, *(commands.list_commands(group) if group and commands else [])])


def _keys(name: str) -> str:
    """Return the keys of config.yaml with this name or path, each with its type, default and description.

    For a section, these are the keys in it. Empty if there is none.
    """
    from awsprov.config.json_schema import sections  # it needs pydantic

    found = [
        (f"{section}.{key}".removeprefix("."), f"{kind}: {about}")
        for section, _, keys in sections()
        for key, about, kind in keys
        if name in (key, f"{section}.{key}", section) or section.split(".")[0] == name
    ]
    return "\n".join(definitions(found, width() or _WIDTH, most=_KEY))


def _unknown(name: str, known: list[str]) -> UsageError:
    """Return the error for a name that is nothing; it proposes the nearest of the known ones."""
    from awsprov.config.json_schema import sections  # it needs pydantic

    names = [*known, *(key for _, _, keys in sections() for key, *_ in keys)]
    near = next(iter(get_close_matches(name, names, 1, _NEAR)), "")
    return UsageError(
        f"{name!r} is neither a topic, nor a command, nor a key of config.yaml.",
        remedy=f"Did you mean `awsprov help {near}`?"
        if near
        else "`awsprov help` lists the topics, `awsprov help config` the keys.",
    )
