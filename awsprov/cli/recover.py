"""recover: a lost state file, written anew from what AWS has under the stack's tags."""

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import open_session, say
from awsprov.errors import NoStackError
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@common()
@pass_settings
def recover(settings: Settings) -> int:
    """Write a lost state file anew, from the tags on AWS; changes nothing there.

    `up` and `down` find everything by themselves: this is for who wants the file before anything else is done.

    \b
    Examples:
      awsprov recover
      awsprov recover --stage prod
    """
    session = open_session(settings)
    with session.lock():
        session.engine().recover()
    found = session.stack.living
    if not found:
        raise NoStackError(f"Nothing of stack {session.config.stack} was found.", remedy="Check account and region.")
    if settings.json:
        ids = {r.name: r.id for r in found}
        print_json("recovered", resources=ids)
    else:
        click.echo(f"Found {len(found)}, written to {session.state_path}.")
        say(settings, f"Next: {settings.again('plan')} shows whether anything differs from config.yaml.")
    return 0
