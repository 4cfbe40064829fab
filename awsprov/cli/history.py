"""history and rollback: what was released, and how to return to an earlier version."""

from dataclasses import asdict
from typing import Any

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, completing, function_argument, pass_settings, which_function
from awsprov.cli.output import confirm, note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style, width
from awsprov.config.models import Config
from awsprov.errors import UsageError
from awsprov.operations.release_history import Release, releases
from awsprov.project.project import Project
from awsprov.resources.function.alias import Alias
from awsprov.resources.function.old_versions import DEFAULT_KEEP
from awsprov.ui.layout import TableRow, table

_BY, _CODE, _LIBRARIES = 3, 4, 5  # columns that a narrow terminal has no room for


@click.command(cls=Command)
@function_argument
@click.option("--prune", is_flag=True, help="Delete old versions instead, after a question.")
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=0),
    help=f"Older versions to keep with --prune; default: versions.keep of config.yaml, or {DEFAULT_KEEP}.",
)
@common()
@pass_settings
def history(settings: Settings, function: str | None, *, prune: bool, keep: int | None) -> int:
    """Show what was released, when and by whom, and which version is live: of one FUNCTION, or of all.

    The history is stored on AWS, with the versions: it is the same on every machine. With --prune, old versions are
    deleted, and then `awsprov libs prune` can delete the environments that only they used. The live version stays, and
    newer ones, those that an alias uses, and the N to which `awsprov rollback` would return first.

    \b
    Examples:
      awsprov history
      awsprov history similarity --json
      awsprov history --prune --keep 3
    """
    if keep is not None and not prune:
        raise UsageError("--keep is for --prune.", remedy="Add --prune to delete old versions.")
    project = open_project(settings, function=function)
    names = project.config.function_names(function)
    if prune:
        kept = keep if keep is not None else project.config.versions.keep
        return _prune(settings, project, names, DEFAULT_KEEP if kept is None else kept)
    found = {name: _releases(project, name) for name in names}
    rows = [row for name, of in found.items() for row in (name, *map(_row, of))]
    text = "\n".join(table(rows, width(), drop=(_CODE, _BY, _LIBRARIES), right=(0,), indent="  "))
    print_result(
        settings, "history", text, functions={n: [_plain(release) for release in of] for n, of in found.items()}
    )
    return 0


def _prune(settings: Settings, project: Project, names: list[str], keep: int) -> int:
    """Delete old versions of functions, after a question."""
    project.refuse_when_locked()
    aliases = {name: _alias(project, name) for name in names}
    found = {name: alias.old_versions(project.aws, keep) for name, alias in aliases.items()}
    count = sum(map(len, found.values()))
    if count:
        note(settings, "\n".join(f"{name}: {', '.join(of)}" for name, of in found.items() if of))
        confirm(settings, f"Delete {count} version{'' if count == 1 else 's'}?")
        with project.lock():
            for name, alias in aliases.items():  # what was live meanwhile stays
                now = alias.old_versions(project.aws, keep)
                alias.delete_versions(project.aws, [version for version in found[name] if version in now])
    text = f"Deleted {count} version{'' if count == 1 else 's'}." if count else "Nothing to delete."
    print_result(settings, "pruned", text, versions=found)
    if count:
        note(settings, f"`{settings.command_hint('libs prune')}` deletes the environments that only they used.")
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
    project = open_project(settings, function=function, choose=Config.function_name)
    name = project.config.function_name(function)
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
    system.id = system.find(project.aws)  # its tags have the changed files
    return releases(project.aws, alias)


def _alias(project: Project, name: str) -> Alias:
    """Return the alias of a function that exists."""
    alias = next(alias for alias in project.stack.of(Alias) if alias.function.name == name)
    alias.function.id = project.function_id(name)
    return alias


def _plain(release: Release) -> dict[str, Any]:
    return {**asdict(release), "at": release.at.isoformat()}


def _row(release: Release) -> TableRow:
    state = style(release.state, fg="green" if release.state == "live" else "yellow")
    at, changed = f"{release.at.astimezone():%Y-%m-%d %H:%M}", ", ".join(release.changed) or "nothing"
    environments = f"libraries {release.libraries[:8]}" + (f", files {release.files[:8]}" if release.files else "")
    code = f"code {release.code[:8]}"
    return str(release.version), state, at, release.by or "?", code, environments, f"changed: {changed}"
