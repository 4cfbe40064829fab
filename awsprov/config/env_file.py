"""Env files: `NAME=value` lines in the syntax of python-dotenv, without interpolation.

Every line must be readable: python-dotenv drops those that it cannot read, with a warning. No part of such a line is in
an error, as it may be a part of a secret.
"""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from awsprov.config.variables import variable_name
from awsprov.files import read_limited

if TYPE_CHECKING:
    from dotenv.parser import Binding

MAX_SIZE = 256 * 1024  # bytes; Lambda allows 4 KB of variables


def read_env_file(path: Path) -> dict[str, str]:
    """Return the names and values of an env file.

    Raises:
        ValueError: a line cannot be read, or a function cannot have its variable; the message has the file's name and
            the number of the line.
        OSError: the file cannot be read.
    """
    try:
        return _parse(path.name, read_limited(path, MAX_SIZE).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path.name}:{line} is not UTF-8") from error


def _parse(name: str, text: str) -> dict[str, str]:
    from dotenv.parser import parse_stream  # it takes 0.1 s, and few configurations need it

    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = _line(binding)
        if problem := _problem(binding):
            raise ValueError(f"{name}:{line} {problem}")
        if binding.key is None:  # blank lines and comments
            continue
        _check_name(f"{name}:{line}", binding.key)
        if binding.key in found:
            raise ValueError(f"{name}:{line} sets {binding.key} again; line {lines[binding.key]} sets it, too")
        found[binding.key], lines[binding.key] = binding.value or "", line
    return found


def _check_name(place: str, variable: str) -> None:
    try:
        variable_name(variable)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def _problem(binding: "Binding") -> str:
    value = binding.value or ""
    if binding.error:
        return "cannot be read; write NAME=value, and close quotes"
    if binding.key is not None and not (binding.key.isascii() and binding.key.isidentifier()):
        return "does not begin with the name of a variable; a value over several lines must be in quotes"
    if binding.key is not None and binding.value is None:
        return "has no `=`; write NAME=value, and a value over several lines in quotes"
    if value.startswith("-----BEGIN") and "-----END" not in value:
        return "begins a value over several lines, which must be in quotes"
    return ""


def _line(binding: "Binding") -> int:
    """Return the line on which a binding begins: python-dotenv counts the blank lines before it, too."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
