"""deploy: update code and libraries only."""

import time

import click

from awsprov.cli.help_format import Command
from awsprov.cli.library_lock import allow_option, locked_option, resolve_libraries
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import confirm, note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.run_context import note_code_warnings, note_remarks, working
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import style
from awsprov.engine.estimate import forecast_subset
from awsprov.operations.release_history import LiveVersion, live_after_deploy
from awsprov.project.project import Project
from awsprov.resources.function.alias import Alias

_UP = "`awsprov up` does what `deploy` does not."


@click.command(cls=Command)
@locked_option
@allow_option
@common()
@pass_settings
def deploy(settings: Settings, locked: bool, allow: tuple[str, ...]) -> int:
    """Update code and libraries only; no other resource is compared or changed.

    \b
    Examples:
      awsprov deploy
      awsprov deploy --local --json
    """
    began = time.monotonic()
    project = open_project(settings, allow, files=True)
    project.refuse_when_locked()
    project.start_parsing()  # mostly in the function's Python, while boto3 is imported here
    project.aws.credentials()  # before the libraries are resolved, which takes some seconds
    changes = resolve_libraries(settings, project, locked=locked)
    note_code_warnings(settings, project)  # first: without the import, the new version does not start
    if changes:
        _confirm(settings, project, changes)
    with project.lock():
        deployed = [r for r in project.stack if r.deployed]
        with working(settings, project, forecast_subset(deployed, project.stack, project.is_local)):
            ids = project.deploy()
    changed = project.aws.mutations > 0
    note_remarks(settings, project)
    if missing := [r.name for r in project.stack if not (r.id or r.virtual)]:
        note(settings, style(f"Note: {', '.join(missing)}: in config.yaml, but not created. {_UP}", fg="yellow"))
    note(settings, f"Deployed in {time.monotonic() - began:.1f} s." if changed else "No changes.")
    live = [live_after_deploy(project.aws, alias) for alias in project.stack.of(Alias)]
    functions = {each.function: {"live": each.live, "wanted": each.wanted} for each in live}
    print_result(settings, "deployed", "\n".join(map(_line, live)), changed=changed, ids=ids, functions=functions)
    return 0


def _line(deployed: LiveVersion) -> str:
    """Return which version of a function is live, and why it is not a new one."""
    line = f"{deployed.function}: version {deployed.live} is live"
    if deployed.live != deployed.wanted:
        return f"{line}; version {deployed.wanted}, which config.yaml describes, is held back"
    return f"{line}; it was published before, from the same code and settings" if deployed.is_older else line


def _confirm(settings: Settings, project: Project, changes: list[str]) -> None:
    """Ask before other libraries than the locked ones go live."""
    note(settings, "\n".join(f"  {line}" for line in changes))
    if not settings.yes:
        confirm(settings, f"Deploy these libraries, and write {project.config.environment.lock.path.name}?")
