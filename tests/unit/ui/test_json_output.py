"""What `--json` shows of a text that may be JSON."""

import json
from typing import Any

import pytest

from awsprov.ui.json_output import json_or_text


@pytest.mark.parametrize(("text", "value"), [('{"a": [1]}', {"a": [1]}), ("null", None), ("", ""), ("<p>", "<p>")])
def test_json_is_shown_as_its_value_and_all_else_as_text(text: str, value: Any) -> None:
    assert json_or_text(text) == value


@pytest.mark.parametrize("text", ["NaN", '{"mean": NaN}', "[Infinity, -Infinity]"])
def test_what_only_pythons_json_reads_is_shown_as_text(text: str) -> None:
    shown = json.dumps(json_or_text(text), allow_nan=False)
    assert json.loads(shown) == text


def test_brackets_that_are_nested_too_deeply_are_shown_as_text() -> None:
    text = "[" * 100_000 + "]" * 100_000
    assert json_or_text(text) == text
