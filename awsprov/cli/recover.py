"""recover: rebuild a lost state file from the stack's tags on AWS."""

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.errors import NoStackError


@click.command(cls=Command)
@common()
@pass_settings
def recover(settings: Settings) -> int:
    """Rebuild a lost or broken state file from the tags on AWS; changes nothing there.

    `up` and `down` find the resources of a stack without it. Use it when `deploy`, `pause` or another command needs the
    state file. One that cannot be read is kept, with `.bad` at the end of its name.

    \b
    Examples:
      awsprov recover
      awsprov recover --stage prod
    """
    project = open_project(settings)
    found = project.recover()
    if not found:
        raise NoStackError(
            f"No resource of stack {project.config.stack} was found in {project.where}.",
            remedy="Check the account and the region.",
        )
    print_result(
        settings,
        "recovered",
        f"Found {len(found)} resources; wrote {project.state_path}.",
        resources={r.name: r.id for r in found},
        paused=project.config.paused,
    )
    if project.config.paused:
        note(settings, "The stack is paused, and stays so until `awsprov resume`.")
    note(settings, "Next: `awsprov plan` shows whether anything differs from config.yaml.")
    return 0
