"""Errors as people and programs read them: what happened, why, what to do next, where to read more."""

import tempfile
import traceback
from pathlib import Path

import click

from awsprov import __version__
from awsprov.aws.errors import explain
from awsprov.cli.options import Settings, coloured
from awsprov.errors import AwsprovError, PartialError
from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.json_output import print_json


def draw(error: Exception, settings: Settings) -> int:
    """Tell of an error; returns the exit code that stands for it."""
    told = explain(error) or _local(error) or _bug(error)
    if error.__cause__ is not None and isinstance(error, PartialError) and explain(error.__cause__) is None:
        told.why += f"\n{_bug(error).why}"
    if settings.json:
        draw_document(told.document(), told.code)
    else:
        click.echo(text(told), err=True, color=coloured())
    return told.code


def text(error: AwsprovError) -> str:
    """An error for a terminal, with a rule at its left, so that it is copied whole."""
    rule = click.style("│", fg="red")
    lines = [click.style(strip_control_sequences(error.what), bold=True)]
    lines += [f"  {line}" for line in strip_control_sequences(error.why).splitlines()]
    if error.remedy:
        lines += ["", f"What to do: {error.remedy}"]
    if error.reference:
        lines.append(f"More: {error.reference}")
    if error.request_id:
        lines.append(f"AWS request id: {error.request_id}")
    return "\n".join(f"{rule} {line}".rstrip() for line in ["", *lines, ""])


def draw_document(error: dict[str, str], code: int) -> None:
    """The same for programs."""
    print_json("error", exit_code=code, error=error)


def _local(error: Exception) -> AwsprovError | None:
    """The local cloud's own errors and the operating system's."""
    hint = getattr(error, "hint", None)
    if isinstance(hint, str):
        return AwsprovError(str(error), remedy=hint)
    if isinstance(error, OSError):
        return AwsprovError("This machine did not let awsprov do that.", why=str(error))
    return None


def _bug(error: Exception) -> AwsprovError:
    """What nobody foresaw: the traceback goes into a file, not onto the screen."""
    with tempfile.NamedTemporaryFile("w", prefix="awsprov-", suffix=".log", delete=False) as file:
        file.write(f"awsprov {__version__}\n{''.join(traceback.format_exception(error))}")
    return AwsprovError(
        f"awsprov has a bug: {type(error).__name__}: {error}",
        why=f"The details are in {Path(file.name)}.",
        remedy="Run the same command again: it goes on from here. Please report it with that file.",
    )
