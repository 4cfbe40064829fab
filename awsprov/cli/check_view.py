"""The lines that `doctor` and `explain` print for the result of a check."""

from awsprov.cli.terminal import style, width
from awsprov.operations.checks import CheckResult, CheckStatus
from awsprov.ui.layout import wrap

_MARKS: dict[CheckStatus, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("·", "cyan"),
}
_INDENT = 21  # columns before the message
_NARROWEST = 60  # columns of a terminal; on a narrower one the message is below the name


def check_lines(result: CheckResult) -> str:
    """Return a result as text: its mark, name and message, and the remedy below it; wrapped to the terminal."""
    mark, colour = _MARKS[result.status]
    paragraphs = result.message.splitlines()
    paragraphs += [f"What to do: {result.remedy}"] if result.remedy else []
    columns = width()
    narrow = columns is not None and columns < _NARROWEST
    margin = " " * (2 if narrow else _INDENT)
    lines = [wrap(margin + paragraph, columns, margin) for paragraph in paragraphs]
    head = f"{style(mark, fg=colour)} {result.name}"
    if narrow or not lines:
        return "\n".join([head, *lines])
    return "\n".join([f"{style(mark, fg=colour)} {result.name:<18} {lines[0].lstrip()}", *lines[1:]])
