"""The libraries' lock file, before a command that installs from it: resolved when missing or stale."""

import os

import click

from awsprov.cli.output import confirm, note
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style
from awsprov.packaging.local_wheels import must_be_built
from awsprov.packaging.lockfile import Lock
from awsprov.packaging.project_files import READERS
from awsprov.packaging.uv_settings import ignored_settings
from awsprov.project.project import Project

allow_option = click.option(
    "--allow",
    multiple=True,
    metavar="NAME@HOST",
    help="Send this environment variable to this package index, if the requirements use it. May be repeated.",
)
locked_option = click.option(
    "--locked",
    is_flag=True,
    help="Refuse when the lock file is missing or stale; without --local, CI=true does the same.",
)


def resolve_libraries(
    settings: Settings,
    project: Project,
    *,
    read_only: bool = False,
    locked: bool = False,
    upgrade: bool = False,
    build: bool = False,
) -> list[str] | None:
    """Resolve the libraries unless their lock file is up to date, and show what changes. Nothing is written.

    Arguments:
        read_only: whether the command changes nothing.
        locked: whether to refuse when the lock file is not up to date.
        upgrade: resolve in any case, and use the newest versions.
        build: build the packages that are directories of this machine.

    Returns:
        The differences from the lock file, one a line; None if it is up to date.

    Raises:
        RefusedError: the lock file is not up to date, and may not be changed; or a variable is not allowed.
    """
    lock = project.config.environment.lock
    refuses = locked or (os.environ.get("CI") in ("true", "1") and not settings.local)
    if lock.state != "fresh" or upgrade:
        own = () if lock.requirements.name in READERS else (settings.config.parent, lock.requirements.parent)
        for line in ignored_settings(*own):
            note(settings, style(f"Note: {line}", fg="yellow"))
        note(settings, f"Resolving {lock.requirements.name} for {lock.target} …")
        build = build or (not (read_only or refuses) and _may_build(settings, lock))
    changes = project.resolve_libraries(read_only=read_only, upgrade=upgrade, locked=refuses, build=build)
    if changes is not None:
        _show(settings, project, changes)
    return changes


def _may_build(settings: Settings, lock: Lock) -> bool:
    """Ask whether to build the packages whose metadata is dynamic; return whether there are some.

    Raises:
        RefusedError: the answer is no, or stdin is not a terminal.
    """
    names = [each.directory.name for each in lock.wanted.local if must_be_built(each, lock.built, lock.wanted)]
    if names:
        confirm(settings, f"Build {', '.join(names)} on this machine? A build runs code of the package.")
    return bool(names)


def _show(settings: Settings, project: Project, changes: list[str]) -> None:
    lock = project.config.environment.lock
    count = len(lock.packages)
    changed = f"{len(changes)} changed" if changes else "none changed"
    note(settings, f"  {count} package{'' if count == 1 else 's'}, {changed}" if count else "  no packages")
    for line in lock.ambiguous:
        note(settings, style(f"Note: {line} `libraries.indexes` binds a package to an index.", fg="yellow"))
