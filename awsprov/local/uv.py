"""uv for the local cloud: it finds and downloads Pythons, creates virtual environments and installs packages."""

import os
import subprocess
from contextlib import closing

from uv import find_uv_bin

from awsprov.local.inherited import inherited
from awsprov.local.processes import Processes

_TIMEOUT = 600.0  # seconds; a Python is a download of 30 MB
_ERROR_LINES = 8


class UvError(Exception):
    """uv failed; the message is the end of its output."""


def run(*arguments: str, **environment: str) -> str:
    """Run a command of uv and return its standard output.

    The command ends with this process: otherwise it would continue writing to a directory that is no longer used.

    Arguments:
        arguments: as on uv's command line.
        environment: variables in addition to those that installers inherit.

    Raises:
        UvError: uv is missing, fails, or takes more than ten minutes.
    """
    try:
        command = [find_uv_bin(), "--color=never", "--no-progress", *arguments]
        with closing(Processes()) as processes:
            pipe = subprocess.PIPE
            process = processes.start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                env={**inherited(os.environ), **environment},
            )
            output, errors = process.communicate(timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UvError(str(error)) from error
    if process.returncode:
        raise UvError("\n".join(errors.decode(errors="replace").strip().splitlines()[-_ERROR_LINES:]))
    return output.decode(errors="replace").strip()
