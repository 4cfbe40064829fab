"""help: commands and topics, without a network and without a browser."""

import json
from collections.abc import Callable
from difflib import get_close_matches
from importlib.resources import files

import click

from awsprov.cli.completers import completing, topics
from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.errors import EXIT_CODES, UsageError
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@click.argument("topic", required=False, shell_complete=completing(topics))
@click.option("--schema", is_flag=True, help="Print the JSON Schema of config.yaml, for editors.")
@common()
@pass_settings
@click.pass_context
def help(ctx: click.Context, settings: Settings, topic: str | None, schema: bool) -> int:  # noqa: A001 - its name
    """Explain a command or a topic, offline; without one, say which there are.

    \b
    Examples:
      awsprov help exit-codes
      awsprov help --schema > config.schema.json
    """
    if schema:
        from awsprov.config.json_schema import schema as whole  # noqa: PLC0415 - it needs pydantic

        click.echo(json.dumps(whole(), indent=2))
    elif topic is None:
        about = {name: _of(name).partition("\n")[0] for name in TOPICS}
        print_json("help", topics=about) if settings.json else click.echo(_contents(about))
    else:
        text = _of(topic) if topic in TOPICS else _command(ctx, topic)
        print_json("help", text=text) if settings.json else click.echo(text)
    return 0


def _of(topic: str) -> str:
    """A topic's text; its first line says what it is about."""
    return TOPICS[topic]().rstrip()


def _written(topic: str) -> Callable[[], str]:
    """A topic that somebody wrote."""
    return lambda: files("awsprov.cli.help_topics").joinpath(f"{topic}.md").read_text(encoding="utf-8")


def _exit_codes() -> str:
    lines = [f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["Exit codes: the same of every command.", "", *lines])


def _config() -> str:
    """Every key, as the models have it."""
    from awsprov.config.json_schema import keys  # noqa: PLC0415 - it needs pydantic

    lines = ["Config: the keys of config.yaml. One that is not here is an error.", ""]
    for name, told in keys():
        lines += [f"  {name}", f"      {told}"] if len(name) > 32 else [f"  {name:<33} {told}"]  # noqa: PLR2004
    editors = "For editors: `awsprov help --schema > config.schema.json`, and as first line of\nconfig.yaml"
    return "\n".join([*lines, "", f"{editors}:  # yaml-language-server: $schema=config.schema.json"])


TOPICS: dict[str, Callable[[], str]] = {
    "config": _config,
    "exit-codes": _exit_codes,
    **{topic: _written(topic) for topic in ("state", "secrets", "local", "cost")},
}


def _contents(about: dict[str, str]) -> str:
    topics = [f"  {name:<12} {line.partition(': ')[2]}" for name, line in about.items()]
    return "\n".join(
        ["Topics:", *topics, "", "`awsprov help TOPIC` tells more; `awsprov help COMMAND` is `awsprov COMMAND --help`."]
    )


def _command(ctx: click.Context, name: str) -> str:
    """The help of a command."""
    group = ctx.parent
    command = group.command.get_command(group, name) if group and isinstance(group.command, click.Group) else None
    if group is None or command is None:
        known = [
            *TOPICS,
            *(group.command.list_commands(group) if group and isinstance(group.command, click.Group) else []),
        ]
        near = next(iter(get_close_matches(name, known, 1)), "")
        raise UsageError(
            f"There is no topic and no command {name!r}.",
            remedy=f"Did you mean `awsprov help {near}`?" if near else "`awsprov help` lists the topics.",
        )
    return command.get_help(click.Context(command, info_name=name, parent=group))
