"""doctor: whether a stack could be made here, before anything is."""

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import Session, open_session, say
from awsprov.doctor import Check, CheckResult, raise_failures, run_checks
from awsprov.ssh.client import strip_control_sequences
from awsprov.ui.json_output import print_json

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "cyan"}
Findings = list[tuple[Check, CheckResult]]


@click.command(cls=Command)
@common()
@pass_settings
def doctor(settings: Settings) -> int:
    """Look whether the stack could be made: credentials, permissions, quotas, zones, addresses. Makes nothing.

    Exits with 0 unless something failed: then as the command would that fails for it.

    \b
    Examples:
      awsprov doctor
      awsprov doctor --stage prod --json
    """
    session = open_session(settings)
    found = run_checks(session.aws, session.config, session.stack)
    if settings.json:
        print_json("doctor", findings=_plain(found))
    else:
        click.echo("\n".join(_lines(check, finding) for check, finding in found))
        counts = {state: sum(finding.state == state for _, finding in found) for state in _COLOURS}
        say(settings, ", ".join(f"{count} {state}" for state, count in counts.items() if count) + ".")
    return next((finding.error.code for _, finding in found if finding.state == "fail"), 0)


def refuse_early(session: Session) -> None:
    """Before the first thing of a stack is made: what would end it half-way ends it now.

    Raises:
        AwsprovError: something would.
    """
    raise_failures(run_checks(session.aws, session.config, session.stack, only_refusing=True))


def _lines(check: Check, finding: CheckResult) -> str:
    mark = click.style(f"{finding.state:<5}", fg=_COLOURS[finding.state])
    line = f"{mark} {check.name:<18} {strip_control_sequences(finding.message)}"
    return f"{line}\n{'':25}What to do: {finding.remedy}" if finding.remedy else line


def _plain(found: Findings) -> list[dict[str, str]]:
    return [
        {"check": check.name, "state": finding.state, "message": finding.message, "remedy": finding.remedy}
        for check, finding in found
    ]
