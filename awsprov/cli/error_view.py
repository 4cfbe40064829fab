"""Errors on screen and as JSON: what happened, why, what to do next, where to read more."""

import errno
import shlex
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from awsprov import __version__
from awsprov.aws.errors import explain
from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, style, width
from awsprov.errors import RUN_AGAIN, AwsprovError, Failure, PartialError, UnexpectedError
from awsprov.hints import complete_document
from awsprov.ui.encoding import encodable
from awsprov.ui.json_output import print_json
from awsprov.ui.layout import wrap


def draw(error: Exception, settings: Settings) -> int:
    """Print an error on stderr, or as a document with --json; return its exit code."""
    described = _described(error)
    if settings.json:
        document = complete_document(described.document(), settings.options)
        draw_document(document, described.exit_code, settings.debug_log)
    else:
        echo(text(described, settings.debug_log, complete=settings.complete), err=True, wrapped=True)
    return described.exit_code


def text(error: AwsprovError, log: Path | None = None, *, complete: Callable[[str], str] = str) -> str:
    """Return an error for a terminal, with a line at its left that shows where it begins and ends.

    Arguments:
        error: the error.
        log: the command's debug log.
        complete: adds the options of the stack to the commands in a message.
    """
    rule, columns = style("│", fg="red"), width(err=True)
    lines = [*_lines(error), *([f"Log: {log}"] if log else [])]
    shown = encodable(complete("\n".join(["", *lines, ""])), sys.stderr)
    wrapped = wrap(shown, columns and columns - len("│ "))
    return "\n".join(f"{rule} {line}".rstrip() for line in wrapped.split("\n"))


def draw_document(error: dict[str, Any], code: int, log: Path | None = None) -> None:
    """Print an error as a JSON document, with the path of the command's debug log."""
    print_json("error", exit_code=code, error=error, **({"log": str(log)} if log else {}))


def _lines(error: AwsprovError) -> list[str]:
    return [style(error.what, bold=True), *_after_first(error)]


def _after_first(error: AwsprovError) -> list[str]:
    """Return all lines of an error but the first."""
    failures = error.failures if isinstance(error, PartialError) else ()
    lines = [] if failures else _indented(error.why.splitlines())
    for alike in _alike(failures):
        names, first = ", ".join(failure.resource for failure in alike), alike[0].error
        reasons = dict.fromkeys(line for failure in alike for line in failure.error.why.splitlines())
        after = _after_first(first) if len(alike) == 1 else [*_indented([*reasons]), *_next_steps(first)]
        lines += ["", f"{style(names, bold=True)}: {first.what}", *_indented(after)]
    return [*lines, *_next_steps(error)]


def _alike(failures: Sequence[Failure]) -> list[list[Failure]]:
    """Return failures in groups with the same message and remedy, as when AWS cannot be reached, in their order.

    One with a request id is alone, and one without a remedy: its reason is all that there is to go by.
    """
    groups = defaultdict[tuple[str, ...], list[Failure]](list)
    for failure in failures:
        error = failure.error
        alone = failure.resource if error.request_id or not error.remedy else ""
        groups[alone, error.what, error.remedy, error.reference].append(failure)
    return list(groups.values())


def _next_steps(error: AwsprovError) -> list[str]:
    lines = ["", f"What to do: {error.remedy}"] if error.remedy else []
    if error.reference:
        lines.append(f"More: {error.reference}")
    if error.request_id:
        lines.append(f"AWS request id: {error.request_id}")
    return lines


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines if line]


def _described(error: BaseException) -> AwsprovError:
    """Return an error for people, and the same for each failure in it."""
    if isinstance(error, UnexpectedError) and error.__cause__ is not None:
        return _described(error.__cause__)
    described = explain(error) or _local(error) or _bug(error)
    if isinstance(described, PartialError):
        described.failures = tuple(replace(each, error=_described(each.error)) for each in described.failures)
    return described


def _local(error: BaseException) -> AwsprovError | None:
    """Return an error of the local cloud or of the operating system for people; None for others."""
    hint = getattr(error, "hint", None)
    if isinstance(hint, str):
        return AwsprovError(str(error), remedy=hint)
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return AwsprovError(
            f"{error.filename} is a symbolic link.",
            why="awsprov does not write through links in its state directory.",
            remedy=f"Delete it: rm {shlex.quote(str(error.filename))}",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" on the disk of {error.filename}" if error.filename else ""
        return AwsprovError("No space is left on a disk.", why=str(error), remedy=f"Free some{where}. {RUN_AGAIN}")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        where = shlex.quote(str(Path(error.filename).parent))
        return AwsprovError(
            f"Your user may not use {error.filename}.",
            why=str(error),
            remedy=f"Look at its owner and mode: ls -la {where}. awsprov's own files can be in another directory:"
            " --state-dir DIR.",
        )
    if isinstance(error, OSError):
        return AwsprovError("The operating system refused an operation.", why=str(error))
    return None


def _bug(error: BaseException) -> AwsprovError:
    """Return the error for an exception that is a bug, whose traceback is written to a file."""
    with tempfile.NamedTemporaryFile("w", prefix="awsprov-", suffix=".log", delete=False) as file:
        file.write(f"awsprov {__version__}\n{''.join(traceback.format_exception(error))}")
    return AwsprovError(
        f"awsprov has a bug: {type(error).__name__}: {error}",
        why=f"The traceback is in {Path(file.name)}.",
        remedy=f"{RUN_AGAIN} Please report the bug with that file.",
    )
