"""The debug log of a command: which directory it is in, and what of it is printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from awsprov.cli.settings import Settings
from awsprov.engine.debug_log import debug_log, stderr_level
from awsprov.paths import user_state_directory


@contextmanager
def command_log(context: click.Context) -> Iterator[None]:
    """Log a command until it ends.

    Raises:
        UsageError: AWSPROV_LOG is not a log level.
    """
    settings = context.ensure_object(Settings)
    level = stderr_level(0 if settings.quiet else settings.verbose)
    with debug_log(_directory(settings), context.command_path.partition(" ")[2], level) as settings.debug_log:
        yield


def _directory(settings: Settings) -> Path:
    """Return the state directory if it exists, else the user's: a log alone must not create one in any directory."""
    own = user_state_directory()  # always: without a home directory, each command is refused here
    return settings.home if settings.home.is_dir() else own
