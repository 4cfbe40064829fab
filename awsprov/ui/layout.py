"""Lays out text for the width of a terminal: wraps prose at words, and aligns tables, as many columns as fit.

No word is broken: an id, a path or a URL that is longer than a line gets a line of its own. A command in backticks
counts as one word while it fits a line, so that it can be copied.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TextIO

GAP = "  "  # between two columns
_NARROWEST = 20  # columns; a smaller width is not that of a terminal in use
_WIDE_ENOUGH = 72  # columns of a terminal on which names of any length have their description beside them
_PROSE = 28  # columns that the text in the last column of a table gets at least, when it has as many
# A control sequence of colors, also in the form that `awsprov.cli.terminal.style` gives it before it is printed.
_STYLE = re.compile(r"\x1b[0-9a-f]*\[[0-9;]*m")
_WORD = re.compile(r"(\s*)((?:`[^`\n]*`|\S)+)")
_COLUMNS = re.compile(r"(?<=\S) {2,}(?=\S)")
_PART = re.compile(r"(\s*)(\S+)")
_WIDE = ("W", "F")  # East Asian characters that take two columns (Unicode Standard Annex 11)


def terminal_width(stream: TextIO | None) -> int | None:
    """Return the columns of the terminal that a stream writes to; None for a file or a pipe, whose lines have no limit.

    The variable COLUMNS overrides it (POSIX, "Environment Variables").
    """
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return max(int(given), _NARROWEST)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream and stream.isatty() else 0
    except (OSError, ValueError):  # the stream is closed, or is no file
        return None
    return max(columns, _NARROWEST) if columns else None


def display_width(text: str) -> int:
    """Return how many columns a terminal needs for a line."""
    plain = _STYLE.sub("", text)
    if plain.isascii():
        return len(plain)
    return sum(1 + (unicodedata.east_asian_width(c) in _WIDE) for c in plain if not unicodedata.combining(c))


def wrap(text: str, width: int | None, hanging: str | None = None) -> str:
    """Return text whose lines are wrapped at words.

    Arguments:
        text: lines; each is wrapped for itself.
        width: the columns; None for no limit.
        hanging: what the second and later lines begin with. By default it is the line's own indentation with two blanks
            more, and a line with a gap of several blanks, as between a name and what it is, is first broken there.
    """
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _wrapped(line, width, hanging))


def _wrapped(line: str, width: int, hanging: str | None) -> Iterator[str]:
    if display_width(line) <= width:
        yield line
    elif hanging is not None:
        yield from _filled(line, width, hanging)
    else:
        margin = line[: min(len(line) - len(line.lstrip(" ")), width // 3)]
        later = f"{margin}  " if margin else ""
        name, *about = _COLUMNS.split(line.lstrip(" "), maxsplit=1)
        yield from _filled(margin + name, width, later)
        if about:
            yield from _filled(f"{margin}  {about[0]}", width, f"{margin}  ")


def _filled(line: str, width: int, hanging: str) -> Iterator[str]:
    """Yield lines of as many words as fit."""
    current = ""
    for blank, word in _words(line, width - display_width(hanging)):
        if current.strip() and display_width(current + blank + word) > width:
            yield current
            current = hanging + word
        else:
            current += blank + word
    yield current


def _words(line: str, room: int) -> Iterator[tuple[str, str]]:
    """Yield each word with the blanks before it; a command that is longer than a line is several words."""
    for found in _WORD.finditer(line):
        if display_width(found[2]) > room and len(found[2].split()) > 1:
            yield from ((part[1], part[2]) for part in _PART.finditer(found[0]))
        else:
            yield found[1], found[2]


TableRow = Sequence[str] | str


def table(
    rows: Sequence[TableRow],
    width: int | None,
    *,
    drop: Sequence[int] = (),
    right: Sequence[int] = (),
    indent: str = "",
) -> list[str]:
    """Return the lines of a table whose last column is text of any length.

    Columns are left out until the rest fits. The text in the last column is wrapped beside the others; if there is no
    room for it, it goes below them.

    Arguments:
        rows: the cells of each row; a plain text is a line of its own, as a heading.
        width: the columns of the terminal; None for no limit.
        drop: the columns that may be left out, by number, the first one first.
        right: the columns that are aligned at their right.
        indent: the beginning of each line.
    """
    cells = [row for row in rows if not isinstance(row, str)]
    if not cells:
        return [wrap(str(row), width) for row in rows]
    sizes = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    shown = _fitting(cells, sizes, width, len(indent), drop)
    beside = width is None or _needed(cells, sizes, shown) + len(indent) <= width
    lines: list[str] = []
    for row in rows:
        if isinstance(row, str):
            lines.append(wrap(row, width))
            continue
        before = [_aligned(row[column], sizes[column], column in right) for column in shown[:-1]]
        lines += _beside(before, row[shown[-1]], width, indent) if beside else _below(before, row[-1], width, indent)
    return lines


def _fitting(
    cells: Sequence[Sequence[str]], sizes: list[int], width: int | None, indent: int, drop: Sequence[int]
) -> list[int]:
    shown = list(range(len(sizes)))
    for column in drop:
        if width is None or _needed(cells, sizes, shown) + indent <= width:
            break
        shown.remove(column)
    return shown


def _needed(cells: Sequence[Sequence[str]], sizes: list[int], shown: list[int]) -> int:
    """Return the columns that a table needs: those of its cells, and enough for the text in its last column."""
    *fixed, last = shown
    longest = max((display_width(word) for row in cells for word in row[last].split()), default=0)
    return sum(sizes[column] + len(GAP) for column in fixed) + max(longest, min(sizes[last], _PROSE))


def _aligned(cell: str, size: int, right: bool) -> str:
    padding = " " * (size - display_width(cell))
    return padding + cell if right else cell + padding


def _beside(before: list[str], text: str, width: int | None, indent: str) -> list[str]:
    start = indent + "".join(f"{cell}{GAP}" for cell in before)
    return wrap((start + text).rstrip(), width, " " * display_width(start)).split("\n")


def _below(before: list[str], text: str, width: int | None, indent: str) -> list[str]:
    first = wrap(indent + GAP.join(cell for cell in before if cell.strip()).rstrip(), width, f"{indent}{GAP}")
    second = [wrap(f"{indent}{GAP}{text.strip()}", width, f"{indent}{GAP}")] if text.strip() else []
    return [*first.split("\n"), *(line for each in second for line in each.split("\n"))]


def definitions(rows: Sequence[tuple[str, str]], width: int, *, most: int = 30, indent: str = GAP) -> list[str]:
    """Return the lines of names, each with its description beside it; below it when the name is long.

    Arguments:
        rows: the names and descriptions.
        width: the columns of the terminal.
        most: the columns of a name that has a description beside it, at most.
        indent: the beginning of each line.
    """
    size = min(
        most, width // 3 if width < _WIDE_ENOUGH else most, max((display_width(name) for name, _ in rows), default=0)
    )
    hanging = indent + " " * size + GAP
    lines: list[str] = []
    for name, about in rows:
        beside = display_width(name) <= size
        first = f"{indent}{_aligned(name, size, False)}{GAP}" if beside else hanging
        lines += [] if beside else wrap(indent + name, width).split("\n")
        lines += wrap(first + about, width, hanging).split("\n")
    return lines


def reflow(text: str, width: int | None) -> str:
    """Return text with its paragraphs laid out for a narrow terminal; lines that are indented stay lines."""
    if width is None or all(display_width(line) <= width for line in text.split("\n")):
        return text
    return wrap(re.sub(r"(?<=\S)\n(?=[^\s])", " ", text), width)


def shell_lines(command: str, width: int | None, indent: str = "") -> list[str]:
    """Return a command that a shell understands when it is copied: its lines end with a backslash, except the last."""
    room = None if width is None else width - len(" \\")
    whole = indent + command
    if width is None or display_width(whole) <= width:
        return [whole]
    *lines, last = wrap(whole, room, f"{indent}{GAP}").split("\n")
    return [*(f"{line} \\" for line in lines), last]
