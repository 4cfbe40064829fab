"""Text is laid out for any width: no line is longer, and no word is cut."""

import re
import shlex
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rich.text import Text

from awsprov.cli.terminal import printable, style
from awsprov.ui.layout import definitions, display_width, reflow, shell_lines, table, terminal_width, wrap
from awsprov.ui.outcome import OutcomeRow, outcome_lines

WIDTHS = [40, 60, 80, 120]
SENTENCE = "the quick brown fox jumps over the lazy dog, and over `awsprov up --local --yes`, too " * 3
ID = "subnet-021c0b7e06cd6ba60"
texts = some.text(some.sampled_from("ab `ñ字-\n "), max_size=200)


def overlong(lines: list[str], width: int) -> list[str]:
    """Return the lines that do not fit, except those of one word."""
    return [line for line in lines if display_width(line) > width and " " in line.strip()]


@given(texts, some.integers(20, 90))
def test_wrapping_keeps_all_words_and_fits(text: str, width: int) -> None:
    wrapped = wrap(text, width)
    assert wrapped.split() == text.split()
    assert overlong(wrapped.split("\n"), width) == []
    assert wrap(text, None) == text


@pytest.mark.parametrize("width", WIDTHS)
def test_prose_continues_at_its_own_indentation(width: int) -> None:
    first, *others = wrap(f"    {SENTENCE}", width).split("\n")
    assert first.startswith("    the quick")
    assert all(re.match(r" {6}\S", line) for line in others)
    assert any("`awsprov up --local --yes`" in line for line in (first, *others))  # a command to copy is on one line


def test_a_word_that_is_too_long_is_on_a_line_of_its_own() -> None:
    url = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod/similarity"
    assert wrap(f"POST {url} answers", 40) == f"POST\n{url}\nanswers"


@pytest.mark.parametrize("blank", [" ", "\t"])
def test_a_command_that_is_longer_than_a_line_is_broken_at_its_blanks(blank: str) -> None:
    assert wrap(f"run `awsprov{blank}rollback`", 12) == "run `awsprov\nrollback`"


def test_styles_and_wide_characters_count_as_they_are_shown() -> None:
    assert display_width(printable(style("abc", fg="red"))) == display_width(style("abc", bold=True)) == 3
    assert display_width("字ñ") == 3
    assert wrap(printable(style("aa bb", fg="red")), 5).count("\n") == 0


ROWS = [("vpc", ID, "creating", SENTENCE), ("nat-gateway-1", "x", "ready", "")]


@pytest.mark.parametrize("width", [20, *WIDTHS])
def test_a_table_fits_and_leaves_out_what_it_may(width: int) -> None:
    lines = table(["network", *ROWS], width, drop=(1, 2), indent="  ")
    assert overlong(lines, width) == []
    assert lines[0] == "network"
    assert (ID in "\n".join(lines)) is (width == 120)
    assert set(SENTENCE.split()) <= set(" ".join(lines).split())


def test_without_a_limit_a_table_has_one_line_a_row_with_aligned_columns() -> None:
    first, second = table(ROWS, None, right=(2,))
    assert first == f"vpc            {ID}  creating  {SENTENCE}".rstrip()
    assert second == f"nat-gateway-1  {'x':<24}     ready"
    assert table([], 80) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_definitions_fit(width: int) -> None:
    lines = definitions([("name", SENTENCE), ("functions.NAME.smoke.expect.contains", "a text")], width, most=32)
    assert overlong(lines, width) == []
    assert lines[0].startswith("  name")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_command_means_the_same_to_a_shell_on_several_lines(width: int) -> None:
    command = "awsprov invoke --http --config /home/ana/projects/prices/config.yaml --local @examples/request.json"
    lines = shell_lines(command, width, "  ")
    assert overlong([line.removesuffix(" \\") for line in lines], width) == []
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(command)


def test_paragraphs_of_a_document_are_filled_again_and_examples_are_not() -> None:
    text = "One line of a paragraph that is long,\nand another.\n\n  awsprov up --local\n  awsprov down\n\nThe end."
    assert reflow(text, 80) == text
    assert reflow(text, 30).split("\n\n") == [
        "One line of a paragraph that\nis long, and another.",
        "  awsprov up --local\n  awsprov down",
        "The end.",
    ]


def test_the_width_is_that_of_the_terminal_and_a_pipe_has_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width(sys.stdout) is None
    assert terminal_width(None) is None
    for given_, width in (("60", 60), ("3", 20), ("0", None), ("wide", None)):
        monkeypatch.setenv("COLUMNS", given_)
        assert terminal_width(sys.stdout) == width


@pytest.mark.parametrize("width", WIDTHS)
def test_the_outcome_of_a_run_has_whole_ids(width: int) -> None:
    ready, failed = Text("✓ ready", "green"), Text("✗ failed", "red")
    rows: list[OutcomeRow | Text] = [
        Text("└─ network"),
        OutcomeRow("   ├─ ", "   │  ", "function-security-group", ready, "12.3 s", ID),
        OutcomeRow("   └─ ", "      ", "vpc", failed, "0.1 s", SENTENCE),
    ]
    lines = [line.plain for line in outcome_lines(rows, width)]
    assert overlong([re.sub("[│├└─]", " ", line) for line in lines], width) == []
    assert sum(ID in line for line in lines) == 1
    assert set(SENTENCE.split()) <= set(" ".join(lines).split())
