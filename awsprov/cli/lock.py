"""lock: requirements.txt resolved into exact versions and hashes."""

import click

from awsprov.cli.help_format import Command
from awsprov.cli.library_lock import allow_option, resolve_libraries
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.project.project import Project


@click.command(cls=Command)
@click.option("--upgrade", is_flag=True, help="Use the newest versions that the requirements allow.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 8 when the lock file is missing or stale.")
@allow_option
@common()
@pass_settings
def lock(settings: Settings, upgrade: bool, check: bool, allow: tuple[str, ...]) -> int:
    """Resolve requirements.txt into exact versions and hashes, in a lock file beside it.

    The versions are resolved for the functions' Python and platform, whatever machine this is; wheels only. Packages
    that are directories of this machine are built. Versions in an existing lock file are kept where possible. With
    --local, a separate lock file is written for the local cloud.

    \b
    Examples:
      awsprov lock
      awsprov lock --upgrade
    """
    project = open_project(settings, None if check else allow, files=True)
    if check:
        return _check(settings, project)
    changed = resolve_libraries(settings, project, upgrade=upgrade, build=True) or []
    found = project.config.environment.lock
    project.write_lock()
    note(settings, f"Lock file: {found.path}")
    text = "\n".join(changed) or "No version changed."
    print_result(settings, "locked", text, path=str(found.path), packages=found.pins, changes=changed)
    return 0


def _check(settings: Settings, project: Project) -> int:
    project.resolve_libraries(read_only=True, locked=True)
    found = project.config.environment.lock
    print_result(settings, "locked", "", path=str(found.path), packages=found.pins, changes=[])
    note(settings, f"{found.path.name} is up to date: {len(found.pins)} packages.")
    return 0
