"""What commands print for people: nothing but awsprov itself controls the terminal.

Names, responses of AWS, log lines and files of a project may contain control sequences. `echo` removes them all, except
those that `style` wrote. No other module calls click's functions for output (ruff checks it). What rich draws goes
through `awsprov.ui.console`.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click

from awsprov.ssh.terminal import strip_control_sequences
from awsprov.ui.encoding import encodable
from awsprov.ui.layout import terminal_width, wrap

_STYLE = f"\x1b{os.urandom(8).hex()}"  # begins the sequences of `style`; no text from outside can contain it


def style(text: str, **how: Any) -> str:
    """Return text with a style, for `echo`.

    Arguments:
        text: what is styled.
        how: colors and attributes, as click's `style` takes them.
    """
    before, after = click.style("\n", **how).replace("\x1b", _STYLE).split("\n")
    return f"{before}{text}{after}"


def printable(text: str) -> str:
    """Return text whose only control sequences are those of `style`."""
    return "\x1b".join(strip_control_sequences(part) for part in text.split(_STYLE))


def width(*, err: bool = False) -> int | None:
    """Return the columns of the terminal on stdout, or on stderr; None if it is no terminal."""
    return terminal_width(sys.stderr if err else sys.stdout)


def echo(text: object, *, err: bool = False, verbatim: bool = False, wrapped: bool = False) -> None:
    """Print text and a line break on stdout, or on stderr; wrapped at words to the terminal.

    Arguments:
        text: what is printed.
        err: print on stderr.
        verbatim: do not wrap: the text is a document for another program, such as JSON or a script. Files and pipes get
            it in UTF-8.
        wrapped: do not wrap: the text has the width of the terminal already.
    """
    stream, shown = sys.stderr if err else sys.stdout, printable(str(text))
    if verbatim and not stream.isatty():
        click.echo(f"{shown}\n".encode(), nl=False, err=err)
        return
    shown = encodable(shown, stream)
    # click writes UTF-8 to a stream that is ASCII, unless it gets the stream.
    click.echo(shown if verbatim or wrapped else wrap(shown, width(err=err)), stream, color=coloured())


def write(content: bytes) -> None:
    """Write UTF-8 or binary content to stdout: unchanged to a file or pipe, but only printable text to a terminal."""
    if sys.stdout.isatty():
        click.echo(encodable(printable(content.decode(errors="replace")), sys.stdout), sys.stdout, nl=False)
    else:
        click.echo(content, nl=False)


def prompt(question: str, default: str, *, show_default: bool = True) -> str:
    """Ask a question on stderr, and return the answer from stdin."""
    return str(click.prompt(_question(question), default=default, show_default=show_default, err=True))


def prompt_secret(question: str) -> str:
    """Ask a question on stderr, and return the answer from the terminal, which does not show it; it may be empty."""
    return str(click.prompt(_question(question), default="", show_default=False, hide_input=True, err=True))


def prompt_yes_no(question: str) -> bool:
    """Ask a question on stderr whose answer is yes or no."""
    return click.confirm(_question(question), err=True)


def _question(text: str) -> str:
    return wrap(encodable(printable(text), sys.stderr), width(err=True))


def open_missing_streams() -> None:
    """Open the null device for stdin, stdout and stderr where they are closed: Python has None in their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends


def flush_streams() -> int:
    """Flush stdout and stderr, and return an exit code: 1 if one is closed or full.

    That one leads to the null device afterwards: at its end, the interpreter would report a traceback.
    """
    code = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            code = 1
    return code


def coloured() -> bool | None:
    """Return whether output has colors; None lets click decide by the stream.

    Sources: no-color.org, force-color.org, terminfo(5).
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None
