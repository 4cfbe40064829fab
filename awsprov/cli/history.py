"""history and rollback: what was released, and how to return to an earlier version."""

from dataclasses import asdict
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, completing, function_argument, pass_settings, which_function
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style, width
from awsprov.operations.release_history import Release, releases
from awsprov.project.project import Project
from awsprov.resources.function.versions import Alias
from awsprov.ui.layout import Row, table

_BY, _CODE, _LIBRARIES = 3, 4, 5  # columns that a narrow terminal has no room for


@click.command(cls=Command)
@function_argument
@common()
@pass_settings
def history(settings: Settings, function: str | None) -> int:
    """Show what was released, when and by whom, and which version is live: of one FUNCTION, or of all.

    The history is stored on AWS, with the versions: it is the same on every machine.

    \b
    Examples:
      awsprov history
      awsprov history similarity --json
    """
    project = open_project(settings)
    names = [project.function_name(function)] if function else list(project.config.functions)
    found = {name: _releases(project, name) for name in names}
    rows = [row for name, of in found.items() for row in (name, *map(_row, of))]
    text = "\n".join(table(rows, width(), drop=(_CODE, _BY, _LIBRARIES), right=(0,), indent="  "))
    print_result(
        settings, "history", text, functions={n: [_plain(release) for release in of] for n, of in found.items()}
    )
    return 0


@click.command(cls=Command)
@click.argument("version", required=False, default="", shell_complete=completing("versions"))
@which_function
@common()
@pass_settings
def rollback(settings: Settings, version: str, function: str | None) -> int:
    """Make an earlier version live again, with the libraries that it was published with; by default the previous one.

    It is one call to AWS and takes about a second. `up` and `deploy` keep that version live until there is something
    new to release.

    \b
    Examples:
      awsprov rollback
      awsprov rollback 3 --function similarity
    """
    project = open_project(settings)
    name = project.function_name(function)
    with project.lock():
        was, live = _alias(project, name).roll_back(project.aws, version)
    text = f"{name}: version {live} is already live." if was == live else f"{name}: version {live} is live; was {was}."
    print_result(settings, "rolled back", text, function=name, was=was, live=live)
    if was != live:
        note(settings, f"To undo this: `awsprov rollback {was} -n {name}`.")
    return 0


def _releases(project: Project, name: str) -> list[Release]:
    alias = _alias(project, name)
    system = alias.function.access_point.file_system
    system.id = system.find(project.aws)  # its tags say which files changed
    return releases(project.aws, alias)


def _alias(project: Project, name: str) -> Alias:
    """Return the alias of a function that exists."""
    alias = next(alias for alias in project.stack.of(Alias) if alias.function.name == name)
    alias.function.id = project.function_id(name)
    return alias


def _plain(release: Release) -> dict[str, Any]:
    return {**asdict(release), "at": release.at.isoformat()}


def _row(release: Release) -> Row:
    state = style(release.state, fg="green" if release.state == "live" else "yellow")
    at, changed = f"{release.at.astimezone():%Y-%m-%d %H:%M}", ", ".join(release.changed) or "nothing"
    environments = f"libraries {release.libraries[:8]}" + (f", files {release.files[:8]}" if release.files else "")
    code = f"code {release.code[:8]}"
    return str(release.version), state, at, release.by or "?", code, environments, f"changed: {changed}"
