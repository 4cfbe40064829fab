"""YAML's syntax errors in plain words, at the place where they are corrected."""

import re
from typing import Any

from yaml import MarkedYAMLError
from yaml.reader import ReaderError

# What PyYAML's scanner and parser say, and what it means. A name in braces is a group of the pattern.
_MEANINGS = [
    (r"found character '\\t'", "a tab; YAML is indented with spaces"),
    (r"found character '(?P<found>[^'])' that", "text that begins with {found} must be in quotes"),
    (r"expected alphabetic or numeric character", "text that begins with `&` or `*` must be in quotes"),
    (r"mapping values are not allowed", "a colon in the wrong place; indent it as the line before, or quote text"),
    (r"could not find expected ':'", "a key without a colon after it, as in `name: prices`"),
    (r"sequence entries are not allowed", "a hyphen in the wrong place; each item of a list has a line of its own"),
    (r"expected <block end>, but found '<scalar>'", "text after the closing quotes"),
    (r"expected <block end>", "not indented like the lines before it"),
    (r"found unexpected end of stream|unexpected document separator", "the quotes are not closed"),
    (r"expected the node content", "a value is missing here, or must be in quotes"),
    (r"but found another document", "a second document; there can be only one"),
]
_AT_ITS_BEGINNING = re.compile("could not find expected ':'|unexpected end of stream|unexpected document separator")
_BRACKET = re.compile(r"while parsing a flow (mapping|sequence)")


def syntax_fault(error: Exception, text: str) -> tuple[tuple[int, int] | None, str]:
    """Return line and column of a syntax error, counted from 1, and what is wrong.

    Arguments:
        error: what PyYAML raised, or a RecursionError.
        text: what it read.
    """
    if isinstance(error, ReaderError):
        return place(text[: error.position]), f"not valid YAML: U+{error.character:04X} is not text"
    if not isinstance(error, MarkedYAMLError):
        return None, "not valid YAML: nested too deeply"
    mark, begun = error.problem_mark, error.context_mark
    bracket = _BRACKET.match(error.context or "")
    if bracket and begun and mark and mark.line > begun.line:
        return _position(begun), f"not valid YAML: `{'{' if bracket[1] == 'mapping' else '['}` is not closed"
    at = begun if begun and _AT_ITS_BEGINNING.search(error.problem or "") else mark or begun
    return _position(at) if at else None, f"not valid YAML: {_meaning(error.problem or '')}"


def place(before: str) -> tuple[int, int]:
    """Return line and column, counted from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _meaning(problem: str) -> str:
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, problem):
            return meaning.format(**found.groupdict())
    return problem


def _position(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
