"""The tutorial: write its files, run its commands, and compare their output with the page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pages import DOCS, Reader, environment, pattern, plain


@pytest.fixture(name="reader")
def start_reader(tmp_path: Path, state_dir: Path) -> Iterator[Reader]:
    """Return a reader with a local cloud; delete the stack at the end, also after a failure."""
    reader = Reader(tmp_path, environment() | {"AWSPROV_STATE_DIR": str(state_dir)}, tmp_path / "shell")
    yield reader
    if (state_dir / "prices.local.json").exists():
        reader.type("awsprov down --local --yes")


@pytest.mark.timeout(900)  # about thirty commands
def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    reader.read(DOCS / "tutorial.md")


def test_output_is_compared_with_the_page() -> None:
    shown = "…\nDone: 34 resources, 187 AWS calls (56 of them changes), 44.7 s.\n"
    assert re.fullmatch(pattern(shown), plain("a\nb\nDone: 34 resources, 9 AWS calls (8 of them changes), 1.2 s.\n"))
    assert not re.fullmatch(pattern(shown), plain("a\nDone: 33 resources, 9 AWS calls (8 of them changes), 1.2 s.\n"))
    assert not re.fullmatch(pattern('{"median": 2.0}\n'), plain('{"median": 3.0}\n'))
