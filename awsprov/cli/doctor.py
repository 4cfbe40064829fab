"""doctor: check whether the stack can be created."""

from collections import Counter

import click

from awsprov.cli.check_view import check_lines
from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.doctor import raise_failures, run_checks
from awsprov.ui.json_output import print_json


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
    session = open_session(settings)
    results = run_checks(session.aws, session.config, session.stack)
    if settings.json:
        print_json("doctor", checks=[result.document() for result in results])
    else:
        click.echo("\n".join(check_lines(result) for result in results))
        counts = Counter(result.status for result in results)
        say(settings, ", ".join(f"{count} {status}" for status, count in counts.items()) + ".")
    return next((result.error.exit_code for result in results if result.status == "failed"), 0)


def refuse_early(session: Session) -> None:
    """Run the checks that can fail, before the first resource is created.

    Raises:
        AwsprovError: a check failed.
    """
    raise_failures(run_checks(session.aws, session.config, session.stack, only_failing=True))
