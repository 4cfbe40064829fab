"""The tree that a run leaves on the terminal: what was done with each resource, without a cut id."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.text import Text

from awsprov.ui.layout import GAP, display_width, wrap

_LEAST = 24  # columns that the text gets beside the other columns; with fewer it goes below them


class OutcomeRow(NamedTuple):
    """What was done with a resource.

    Arguments:
        guide: the lines of the tree before the name.
        below: the lines of the tree before what is written below the name.
        name: the resource's name.
        state: the last step, with its mark.
        seconds: how long it took.
        detail: an id, or an error.
    """

    guide: str
    below: str
    name: str
    state: Text
    seconds: str
    detail: str


def outcome_lines(rows: Sequence[OutcomeRow | Text], width: int) -> Iterator[Text]:
    """Yield the lines of a tree. Its headings are texts.

    Arguments:
        rows: the headings and resources.
        width: the columns of the terminal.
    """
    inner = [row for row in rows if isinstance(row, OutcomeRow)]
    names = max((display_width(row.guide + row.name) for row in inner), default=0)
    states = max((len(row.state.plain) for row in inner), default=0)
    times = max((len(row.seconds) for row in inner), default=0)
    used = names + states + times + 3 * len(GAP)
    longest = max((display_width(word) for row in inner for word in row.detail.split()), default=0)
    beside = used + max(longest, _LEAST) <= width
    for row in rows:
        if isinstance(row, Text):
            yield row
        elif beside:
            yield from _beside(row, names, states, times, width)
        else:
            yield from _below(row, names, width)


def _head(row: OutcomeRow, names: int) -> Text:
    padding = " " * (names - display_width(row.guide + row.name)) + GAP
    return Text().append(row.guide, "dim").append(row.name + padding).append(row.state)


def _beside(row: OutcomeRow, names: int, states: int, times: int, width: int) -> Iterator[Text]:
    used = names + states + times + 3 * len(GAP)
    first, *others = wrap(row.detail, width - used, "").split("\n")
    padding = " " * (states - len(row.state.plain))
    yield _head(row, names).append(f"{padding}{GAP}{row.seconds:>{times}}{GAP}").append(first, "dim")
    for line in others:
        yield Text().append(row.below, "dim").append(" " * (used - display_width(row.below))).append(line, "dim")


def _below(row: OutcomeRow, names: int, width: int) -> Iterator[Text]:
    head = _head(row, names)
    seconds = f"{GAP}{row.seconds}"
    yield head.append(seconds) if display_width(head.plain + seconds) <= width else head
    for line in wrap(row.detail, width - display_width(row.below) - len(GAP), "").split("\n") if row.detail else []:
        yield Text().append(row.below + GAP, "dim").append(line, "dim")
