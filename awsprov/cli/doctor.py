"""doctor: check whether the stack can be created."""

from collections import Counter
from dataclasses import replace

import click

from awsprov.cli.check_view import check_lines
from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import note, print_result
from awsprov.cli.project import open_project
from awsprov.cli.settings import Settings
from awsprov.doctor import run_checks


@click.command(cls=Command)
@common()
@pass_settings
def doctor(settings: Settings) -> int:
    """Check whether the stack can be created: credentials, permissions, quotas, zones, network. Creates nothing.

    Exits with 0 if no check failed, otherwise with the exit code of the first failure.

    \b
    Examples:
      awsprov doctor
      awsprov doctor --stage prod --json
    """
    project = open_project(settings, files=True)
    found = run_checks(project.aws, project.config, project.stack)
    results = [replace(result, remedy=settings.complete(result.remedy)) for result in found]
    text = "\n".join(check_lines(result) for result in results)
    print_result(settings, "doctor", text, checks=[result.document() for result in results])
    counts = Counter(result.status for result in results)
    note(settings, ", ".join(f"{count} {status}" for status, count in counts.items()) + ".")
    return next((result.error.exit_code for result in results if result.status == "failed"), 0)
