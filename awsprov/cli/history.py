"""history and rollback: what was released, and the way back to it."""

from dataclasses import asdict
from typing import Any

import click

from awsprov.cli.completers import completing, functions, versions
from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings, which_function
from awsprov.cli.session import Session, chosen, open_session, say
from awsprov.errors import NoStackError
from awsprov.operations.release_history import Release, releases
from awsprov.resources.function.versions import Alias
from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@click.argument("function", required=False, shell_complete=completing(functions))
@common()
@pass_settings
def history(settings: Settings, function: str | None) -> int:
    """Show what was released, when and by whom, and what is live; of one FUNCTION, or of all.

    It is kept on AWS, with the versions themselves: any machine shows the same.

    \b
    Examples:
      awsprov history
      awsprov history similarity --json
    """
    session = open_session(settings)
    names = [chosen(session.config, function)] if function else list(session.config.functions)
    found = {name: releases(session.aws, _alias(session, name)) for name in names}
    if settings.json:
        functions = {name: [_plain(release) for release in of] for name, of in found.items()}
        print_json("history", functions=functions)
    else:
        click.echo("\n".join(line for name, of in found.items() for line in (name, *map(_line, of))))
    return 0


@click.command(cls=Command)
@click.argument("version", required=False, default="", shell_complete=completing(versions))
@which_function
@common()
@pass_settings
def rollback(settings: Settings, version: str, function: str | None) -> int:
    """Make an earlier version live again, with the libraries that it was published with; by default the last one.

    One call, and about a second. `up` and `deploy` leave it at that until there is something new to release.

    \b
    Examples:
      awsprov rollback
      awsprov rollback 3 --function similarity
    """
    session = open_session(settings)
    name = chosen(session.config, function)
    with session.lock():
        was, live = _alias(session, name).roll_back(session.aws, version)
    if settings.json:
        print_json("rolled back", function=name, was=was, live=live)
    else:
        click.echo(f"{name}: version {live} is live" + (", and was already." if was == live else f"; it was {was}."))
    if was != live:
        say(settings, f"The way back: {settings.again('rollback')} {was}.")
    return 0


def _alias(session: Session, name: str) -> Alias:
    """The alias of a function that is there."""
    alias = next(alias for alias in session.stack.of(Alias) if alias.function.name == name)
    alias.function.id = alias.function.find(session.aws)
    if not alias.function.id:
        raise NoStackError(f"There is no function {name}.", remedy=f"{session.settings.again('up')} makes it.")
    return alias


def _plain(release: Release) -> dict[str, Any]:
    return {**asdict(release), "at": release.at.isoformat()}


def _line(release: Release) -> str:
    state = click.style(f"{release.state:<9}", fg="green" if release.state == "live" else "yellow")
    about = f"{release.at.astimezone():%Y-%m-%d %H:%M}  {release.by or '?':<12}  code {release.code[:8]}"
    changed = ", ".join(release.changed) or "nothing"
    details = strip_control_sequences(f"{about}  libraries {release.libraries[:8]}  changed: {changed}")
    return f"{release.version:>5}  {state}  {details}"
