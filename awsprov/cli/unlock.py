"""unlock: remove a stale lock left by another host."""

from dataclasses import asdict

import click

from awsprov.cli.help_format import Command
from awsprov.cli.options import common, pass_settings
from awsprov.cli.output import confirm, print_result
from awsprov.cli.settings import Settings
from awsprov.engine.lock import Holder, holder, is_held, remove_lock
from awsprov.errors import RefusedError
from awsprov.project.stages import load_stage


@click.command(cls=Command)
@common()
@pass_settings
def unlock(settings: Settings) -> int:
    """Remove a stale lock left by another host: in the state directory, and in S3 with `shared`.

    A lock on this host is released when its process ends. A lock that another host took can be left behind: with the
    state directory on a network file system until it is removed, in S3 until it expires, seven minutes after the last
    renewal. The next `up` or `down` finishes what that run did not.

    \b
    Examples:
      awsprov unlock
      awsprov unlock --stage prod --yes
    """
    path = settings.state_file(load_stage(settings, files=False, region=settings.region).name)
    held = is_held(path)
    by = holder(path) if held else None
    if held and (by is None or by.on_this_host):
        raise RefusedError(
            "The lock is held by a process on this host.",
            why=f"{by}." if by else "",
            remedy="Wait until that process ends, or end it: this releases the lock.",
        )
    if by:
        _confirm(settings, by)
        remove_lock(path)
    by = _remove_shared(settings) or by
    print_result(
        settings,
        "unlocked",
        f"Removed the lock of {by.description}." if by else "The stack is not locked.",
        holder=asdict(by) if by else None,
    )
    return 0


def _confirm(settings: Settings, by: Holder) -> None:
    confirm(settings, f"{by.description}. Has that run ended, and should its lock be removed?")


def _remove_shared(settings: Settings) -> Holder | None:
    """Remove the shared lock. Return its holder; None if there is none."""
    if not load_stage(settings, files=False, region=settings.region).shared:
        return None
    from awsprov.cli.project import open_project  # boto3, for a stack with `shared` only

    shared = open_project(settings).shared
    found = shared.last_holder() if shared else None
    if shared is None or found is None:
        return None
    _confirm(settings, found)
    shared.unlock()
    return found
