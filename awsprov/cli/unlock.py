"""unlock: take a lock away from a machine that is gone."""

from dataclasses import asdict

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import Settings, common, pass_settings
from awsprov.cli.session import confirm
from awsprov.config.loader import load
from awsprov.engine.lock import holder, is_held, remove_lock
from awsprov.errors import RefusedError
from awsprov.ui.json_output import print_json


@click.command(cls=Command)
@common()
@pass_settings
def unlock(settings: Settings) -> int:
    """Take the stack's lock away from a machine that is gone.

    A lock goes with the process that holds it. Only one that another machine took, where the state directory is on a
    network file system, may stay; what that run left undone, the next `up` or `down` finishes.

    \b
    Examples:
      awsprov unlock
      awsprov unlock --stage prod --yes
    """
    path = settings.state_file(load(settings.config, settings.stage).name)
    held = is_held(path)
    by = holder(path) if held else None
    if held and (by is None or by.on_this_host):
        raise RefusedError(
            "The lock is held on this machine.",
            why=f"{by}." if by else "",
            remedy="Wait for that process, or end it: the lock goes with it.",
        )
    if by:
        confirm(settings, f"{by}. Is that run over, and may its lock be taken away?")
        remove_lock(path)
    if settings.json:
        print_json("unlocked", holder=asdict(by) if by else None)
    else:
        click.echo(f"Taken away from {by}." if by else "Nobody holds the lock.")
    return 0
