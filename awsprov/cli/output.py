"""What a command prints: its result on stdout, notes on stderr; and the question before it changes anything."""

import sys

from awsprov.cli.settings import Settings
from awsprov.cli.terminal import echo, prompt_yes_no
from awsprov.errors import RefusedError
from awsprov.hints import complete_document
from awsprov.ui.json_output import print_json


def print_result(settings: Settings, event: str, text: str, /, **fields: object) -> None:
    """Print a command's result on stdout: as text, or as a JSON document with --json.

    Arguments:
        event: what kind of document it is, as in `plan`.
        text: the result for a person; nothing is printed when it is empty.
        fields: the fields of the document.
    """
    if settings.json:
        print_json(event, **complete_document(fields, settings.options))
    elif text:
        echo(settings.complete(text))


def print_verbatim(settings: Settings, event: str, text: str, /, **fields: object) -> None:
    """Print a result that another program reads, such as JSON or a script: as `print_result`, but never wrapped."""
    if settings.json:
        print_result(settings, event, "", **fields)
    else:
        echo(text, verbatim=True)


def note(settings: Settings, text: str) -> None:
    """Print a message for a person on stderr; nothing with --quiet or --json."""
    if not (settings.quiet or settings.json):
        echo(settings.complete(text), err=True)


def can_ask() -> bool:
    """Return whether a person can answer: stdin is a terminal. It is None, or closed, if a caller closed it."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def confirm(settings: Settings, question: str) -> None:
    """Ask whether to go ahead, unless --yes was given.

    Raises:
        RefusedError: the answer is no, or stdin is not a terminal.
    """
    if settings.yes:
        return
    if not can_ask():
        raise RefusedError(
            "A question needs an answer, but stdin is not a terminal; nothing was changed.",
            why=question,
            remedy="To answer yes, run the same command with --yes.",
        )
    if not prompt_yes_no(question):
        raise RefusedError("Not confirmed; nothing was changed.")
