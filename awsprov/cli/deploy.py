"""deploy: update code and libraries only."""

import time

import click

from awsprov.cli.help_format import Command
from awsprov.cli.library_lock import lock_libraries
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.plan import relocking
from awsprov.cli.project import open_project
from awsprov.cli.run_context import note_warnings, working
from awsprov.cli.settings import Settings
from awsprov.engine.estimate import forecast_subset


@click.command(cls=Command)
@relocking
@common()
@pass_settings
def deploy(settings: Settings, relock: bool) -> int:
    """Update code and libraries only; no other resource is compared or changed.

    \b
    Examples:
      awsprov deploy
      awsprov deploy --local --json
    """
    began = time.monotonic()
    project = open_project(settings)
    lock_libraries(settings, project, relock)
    with project.lock():
        deployed = [r for r in project.stack if r.deployed]
        with working(settings, project, forecast_subset(deployed, project.stack, project.is_local)):
            ids = project.deploy()
    changed = project.aws.mutations > 0
    note_warnings(settings, project)
    note(settings, f"Deployed in {time.monotonic() - began:.1f} s." if changed else "No changes.")
    print_result(
        settings, "deployed", "\n".join(f"{name}  {id_}" for name, id_ in ids.items()), changed=changed, ids=ids
    )
    return 0
