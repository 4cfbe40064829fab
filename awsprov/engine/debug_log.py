"""The debug log: a file for each command, with its AWS calls and its decisions; on request also on stderr.

The loggers are `awsprov.aws` (each attempt of each call: operation, status, duration, request id, error code),
`awsprov.engine` (what was found, created, updated and why), and `awsprov.ssh` (connections, names of commands, exit
codes). They log names, ids and codes, never bodies, parameter values, variables, secrets or tokens.
"""

import logging
import os
import platform
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from awsprov import __version__
from awsprov.errors import UsageError
from awsprov.files import make_private_directory
from awsprov.ssh.terminal import strip_control_sequences

VARIABLE = "AWSPROV_LOG"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
LOGS_KEPT = 20
_OWN_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[a-z0-9-]+\.log")
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s [%(threadName)s] %(message)s"


def stderr_level(verbose: int, environment: Mapping[str, str] = os.environ) -> int | None:
    """Return the level from which the log is printed on stderr; None for not at all.

    Arguments:
        verbose: how often `-v` was given: once is INFO, twice DEBUG.
        environment: where AWSPROV_LOG (debug, info, warning or error) overrides that.

    Raises:
        UsageError: AWSPROV_LOG has another value.
    """
    if name := environment.get(VARIABLE):
        if name.lower() not in LEVELS:
            raise UsageError(f"{VARIABLE}={name} is not a log level.", remedy=f"Use one of {', '.join(LEVELS)}.")
        return LEVELS[name.lower()]
    return {0: None, 1: logging.INFO}.get(verbose, logging.DEBUG)


@contextmanager
def debug_log(directory: Path, command: str, stderr: int | None = None) -> Iterator[Path | None]:
    """Log all that awsprov does within the context to `DIRECTORY/logs/TIME-COMMAND.log`.

    The file has mode 0600, and every record is in it at once: it is complete even if the process is killed. The newest
    twenty logs are kept. A log that cannot be written is no error. Use it around a whole command:

        with debug_log(settings.home, "up", stderr_level(settings.verbose)) as path:
            ...

    and print `path` when the command fails.

    Arguments:
        directory: a state directory, or the user's; it is created if it is missing.
        command: the name of the command, without its arguments, which can contain secrets.
        stderr: the level from which records are printed on stderr, too; None for not at all.

    Returns:
        The path of the file; None when it cannot be written.
    """
    logger = logging.getLogger("awsprov")
    level, handlers = logger.level, list[logging.Handler]()
    path = _create(directory / "logs", command)
    if path:
        handlers.append(_configured(_LogFile(path, encoding="utf-8"), logging.DEBUG))
    if stderr is not None:
        handlers.append(_configured(logging.StreamHandler(sys.stderr), stderr))
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(min((handler.level for handler in handlers), default=level))
    logger.info("awsprov %s %s, Python %s, %s", __version__, command, platform.python_version(), platform.platform())
    try:
        yield path
    except BaseException as error:
        logger.info("%s failed: %s", command, type(error).__name__)  # its message can contain values
        raise
    finally:
        logger.setLevel(level)
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def _create(directory: Path, command: str) -> Path | None:
    """Create an empty log and delete the oldest ones; None when that is not possible.

    A directory that is a symbolic link gets no log, and only files that are named like logs of awsprov are deleted: the
    state directory of a foreign project can be a link to any directory.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{re.sub(r'[^a-z0-9]+', '-', command.lower())}.log"
    with suppress(OSError):
        if directory.is_symlink():
            return None
        make_private_directory(directory)
        os.close(os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        for old in sorted(path for path in directory.iterdir() if _OWN_NAME.fullmatch(path.name))[:-LOGS_KEPT]:
            old.unlink(missing_ok=True)
        return directory / name
    return None


class _LogFile(logging.FileHandler):
    """A file that loses records when its disk is full, instead of stopping a command that needs no disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):  # it writes what is still in the buffer
            super().close()


class _Formatter(logging.Formatter):
    """Formats records without control sequences: codes and messages of AWS are in them."""

    def format(self, record: logging.LogRecord) -> str:
        return strip_control_sequences(super().format(record))


def _configured(handler: logging.Handler, level: int) -> logging.Handler:
    formatter = _Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.setLevel(level)
    return handler
