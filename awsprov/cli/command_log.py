"""The debug log of a command: which directory it is in, and what of it is printed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from awsprov.cli.settings import Settings
from awsprov.engine.debug_log import debug_log, stderr_level
from awsprov.errors import UsageError
from awsprov.paths import user_state_directory


@contextmanager
def command_log(context: click.Context) -> Iterator[None]:
    """Log a command until it ends.

    Raises:
        UsageError: AWSPROV_LOG is not a log level, or the user has no home directory.
    """
    settings = context.ensure_object(Settings)
    level = stderr_level(0 if settings.quiet else settings.verbose)
    with debug_log(_directory(settings), context.command_path.partition(" ")[2], level) as settings.debug_log:
        yield


def _directory(settings: Settings) -> Path:
    """Return the state directory if it exists, else the user's: a log alone must not create one in any directory.

    Raises:
        UsageError: the user has no home directory. No command works without one.
    """
    try:
        own = user_state_directory()
    except RuntimeError as error:
        raise UsageError(
            "This user has no home directory.",
            why="HOME is not an absolute path, and the system knows no home directory of the user.",
            remedy="Set HOME to a directory that the user may write to, as in `export HOME=/tmp/home`.",
        ) from error
    return settings.home if settings.home.is_dir() else own
