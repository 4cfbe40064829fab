"""libs mount: how another machine mounts the file system."""

import json
from dataclasses import asdict

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.errors import NoStackError
from awsprov.operations.second_machine import MOUNT_POINT, MountInstructions, mount_instructions


@click.command(cls=Command)
@common()
@pass_settings
def mount(settings: Settings) -> int:
    """Show how another machine mounts the file system: security group, permission and command. Changes nothing.

    It is mounted read-only, like in the functions, so that nothing but the builder changes an environment.

    \b
    Examples:
      awsprov libs mount
      awsprov libs mount --json
    """
    project = open_project(settings)
    project.engine().refresh()
    found = mount_instructions(project.stack, project.aws)
    if not (found.file_system and found.access_point and found.zones):
        raise NoStackError("The file system does not exist.", remedy="`awsprov up` creates it.")
    print_result(settings, "mount", _text(found), **asdict(found), commands=found.commands)
    return 0


def _text(found: MountInstructions) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [found.statement]}, indent=2)
    return "\n".join(
        [
            f"An instance in {found.vpc}, in zone {' or '.join(found.zones)}, can mount the libraries:",
            "",
            f"1. Add it to the security group {found.security_group}.",
            "2. Give its role a policy:",
            *(f"   {line}" for line in policy.splitlines()),
            "3. Run on it (Amazon Linux 2023):",
            *(f"   {command}" for command in found.commands),
            "",
            f"The environments are in {MOUNT_POINT}/envs. Terminate the instance before `awsprov down`.",
        ]
    )
