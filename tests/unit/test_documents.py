"""A document that something else may have changed is valid as a whole, or it is not read."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import FiniteFloat

from awsprov.documents import parse_document, read_document


@dataclass(frozen=True)
class Note:
    """A document."""

    name: str
    number: int = 0
    at: FiniteFloat = 0.0
    words: dict[str, list[str]] = field(default_factory=dict)


def test_a_document_is_read(tmp_path: Path) -> None:
    (tmp_path / "note.json").write_text('{"name": "x", "at": 1, "words": {"a": ["b"]}, "of a newer version": true}')
    assert read_document(tmp_path / "note.json", Note, 100) == Note("x", at=1.0, words={"a": ["b"]})
    assert parse_document(b'{"n": {"name": "x"}}', dict[str, Note]) == {"n": Note("x")}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"name": "x", "number": "1"}', "number: "),
        ('{"name": "x", "number": 1e999}', "number: "),
        ('{"name": "x", "number": 1.5}', "number: "),
        ('{"name": "x", "at": NaN}', "at: "),
        ('{"name": "x", "at": -Infinity}', "at: "),
        ('{"name": "x", "words": {"a": ["b", 1]}}', r"words\.a\.1: "),
        ("{}", "name: "),
        ("[]", "Input should be"),
        ("null", "Input should be"),
        ("", "JSON"),
        ("{", "JSON"),
        ('{"name": "\\ud800"}', "JSON"),
        ('{"name": ' + "[" * 100_000, "JSON"),
    ],
)
def test_the_first_value_that_is_not_valid_is_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_document(text.encode(), Note)
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_document_that_is_too_large_or_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "note.json").write_text('{"name": "x"}')
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Larger than"):
        read_document(tmp_path / "note.json", Note, 5)
    for name in ("pipe", "missing"):
        with pytest.raises(OSError):  # noqa: PT011 - the system's
            read_document(tmp_path / name, Note, 100)
