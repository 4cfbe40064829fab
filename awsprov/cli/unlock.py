"""unlock: remove a stale lock left by another host."""

from dataclasses import asdict

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import confirm, print_result
from awsprov.cli.settings import Settings
from awsprov.config.loader import load
from awsprov.engine.lock import holder, is_held, remove_lock
from awsprov.errors import RefusedError


@click.command(cls=Command)
@common()
@pass_settings
def unlock(settings: Settings) -> int:
    """Remove a stale lock left by another host.

    A lock on this host is released when its process ends. Only a lock that another host took, with the state directory
    on a network file system, can be left behind. The next `up` or `down` finishes what that run did not.

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
            "The lock is held by a process on this host.",
            why=f"{by}." if by else "",
            remedy="Wait until that process ends, or end it: this releases the lock.",
        )
    if by:
        confirm(settings, f"{by}. Has that run ended, and should its lock be removed?")
        remove_lock(path)
    print_result(
        settings,
        "unlocked",
        f"Removed the lock of {by}." if by else "The stack is not locked.",
        holder=asdict(by) if by else None,
    )
    return 0
