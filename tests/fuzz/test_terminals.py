"""Terminals of any encoding and width: nothing that is printed fails, and nothing is wider than the terminal."""

import encodings.aliases
import io
from unittest.mock import patch

from hypothesis import strategies as st

from awsprov.cli.error_view import text
from awsprov.cli.terminal import echo
from awsprov.errors import AwsprovError
from awsprov.ui.layout import display_width
from tests.fuzz.budget import fuzz

ASCII = bytes(range(32, 127))


def for_terminals(name: str) -> bool:
    """Return whether a terminal can have an encoding: those in which ASCII is ASCII, without states and marks."""
    try:
        has_states = b"\x1b" in "字".encode(name, "replace")  # begun by escape sequences, as in ISO-2022-JP
        return ASCII.decode("ascii").encode(name, "replace") == ASCII and not has_states
    except LookupError:  # it is Windows's, or not of text
        return False


ENCODINGS = sorted(filter(for_terminals, set(encodings.aliases.aliases.values())))
WORDS = [
    "awsprov",
    "`awsprov up`",
    "…",
    "→",
    "✓",
    "│",
    "ñ",
    "字",
    "\udce9",
    "subnet-021c0b7e06cd6ba60",
    " ",
    "\n",
    "  ",
]
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=30).map("".join)


@fuzz(st.tuples(texts, texts, st.sampled_from(ENCODINGS), st.integers(20, 200)))
def test_what_is_printed(case: tuple[str, str, str, int]) -> None:
    what, why, encoding, width = case
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, newline="\n") for _ in range(2))
    with patch("sys.stdout", out), patch("sys.stderr", err), patch.dict("os.environ", {"COLUMNS": str(width)}):
        echo(what)
        echo(text(AwsprovError(what, why=why, remedy="`awsprov up` creates it.")), err=True, wrapped=True)
        for stream in (out, err):
            stream.flush()
            printed = stream.buffer.getvalue().decode(encoding)
            wide = [line for line in printed.split("\n") if display_width(line) > width]
            assert [line for line in wide if len(line.lstrip("│| ").split()) > 1] == []


def test_the_usual_encodings_are_among_them() -> None:
    assert {"ascii", "utf_8", "latin_1", "cp1252", "cp437", "koi8_r", "euc_jp", "gb18030", "big5"} <= set(ENCODINGS)
