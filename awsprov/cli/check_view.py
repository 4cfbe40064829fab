"""The lines that `doctor` and `explain` print for the result of a check."""

import shutil
import textwrap

from awsprov.cli.terminal import style
from awsprov.operations.checks import CheckResult, Status

_MARKS: dict[Status, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("·", "cyan"),
}
_INDENT = 21  # columns before the message
_NARROWEST = 40  # columns that a message gets on any terminal


def check_lines(result: CheckResult) -> str:
    """Return a result as text: its mark, name and message, and the remedy below it; wrapped to the terminal."""
    mark, colour = _MARKS[result.status]
    paragraphs = result.message.splitlines()
    paragraphs += [f"What to do: {result.remedy}"] if result.remedy else []
    width = max(shutil.get_terminal_size().columns - _INDENT, _NARROWEST)
    lines = [line for paragraph in paragraphs for line in _wrapped(paragraph, width)]
    return f"{style(mark, fg=colour)} {result.name:<18} " + f"\n{'':<{_INDENT}}".join(lines)


def _wrapped(paragraph: str, width: int) -> list[str]:
    return textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False) or [""]
