"""The errors of a configuration in plain words: the key, its value, what is allowed, and an example."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from awsprov.aws.limits import MEMORY, TIMEOUT
from awsprov.config.allowed_values import Value, shown
from awsprov.config.fields import FileError
from awsprov.config.yaml_document import Document, Keys, Problem

_CEILINGS = {"functions.NAME.memory": MEMORY, "functions.NAME.timeout": TIMEOUT}
_VERBS = ("should ", "is ", "has ", "cannot ", "needs ", "replaces ")  # with which errors about a key itself begin
_KEY = "[key]"  # pydantic's mark of an error of a key


def problem(document: Document, values: Mapping[str, Any], error: ErrorDetails) -> Problem:
    """Return an error of a model as a problem of the file.

    Arguments:
        document: the file.
        values: its values, with those of a stage.
        error: the error.
    """
    keys: Keys = tuple(part for part in error["loc"] if part != _KEY)
    if is_unknown_key(error):
        return unknown_key(document, keys)
    cause = error["ctx"]["error"] if error["type"] == "value_error" else None
    if isinstance(cause, FileError):
        return Problem(document.position(keys), "\n".join(cause.lines), elsewhere=True)
    value = Value(keys)
    if error["type"] == "missing":
        position = document.position(keys)
        return Problem(position, f"`{value.dotted}` is missing: {value.allowed}{_example(value)}")
    message = _key_message(keys, cause) if _KEY in error["loc"] else _message(value, values, error, cause)
    return Problem(document.position(value.keys or keys, of_key=_KEY in error["loc"]), message)


def is_unknown_key(error: ErrorDetails) -> bool:
    """Return whether an error of a model is a key that does not exist."""
    return error["type"] == "extra_forbidden"


def is_misspelled(error: ErrorDetails, values: Mapping[str, Any]) -> bool:
    """Return whether an error is a missing key that is there under a misspelled name: that is an error already."""
    if error["type"] != "missing":
        return False
    *section, key = error["loc"]
    given, known = _at(values, tuple(section)), Value(tuple(section)).known_keys
    return isinstance(given, dict) and any(_nearest(each, known) == key for each in given if each not in known)


def _nearest(key: Any, known: list[str]) -> str:
    """Return the key that a misspelled one was probably meant to be; empty for none."""
    return next(iter(get_close_matches(str(key), known, 1, 0.5)), "")


def unknown_key(document: Document, keys: Keys) -> Problem:
    """Return the problem of a key that does not exist, with the nearest one."""
    known = Value(keys[:-1]).known_keys
    nearest = _nearest(keys[-1], known)
    hint = f"did you mean `{nearest}`?" if nearest else f"allowed here: {', '.join(known)}"
    return Problem(document.position(keys, of_key=True), f"unknown key `{keys[-1]}`; {hint}")


def _key_message(keys: Keys, cause: Exception | None) -> str:
    *section, key = keys
    where = ".".join(map(str, section))
    return (
        f"`{where}.{key}`{_said(cause)}"
        if cause
        else f"`{key}` in `{where}` must be {Value(tuple(section)).allowed_key}"
    )


def _message(value: Value, values: Mapping[str, Any], error: ErrorDetails, cause: Exception | None) -> str:
    given = _at(values, value.keys)
    if cause:
        text = str(cause)
        is_rule = text.startswith("should be ")
        return f"`{value.dotted}` is {shown(given)}; it {text}" if is_rule else f"`{value.dotted}`{_said(cause)}"
    quotes = ", in quotes" if value.is_text and not isinstance(given, str | dict | list | None) else ""
    text = f"`{value.dotted}` is {shown(given)}; it must be {value.allowed}{quotes}{_example(value)}"
    if error["type"] == "less_than_equal" and value.path in _CEILINGS:
        text += f". Source: {_CEILINGS[value.path].source}"
    return text


def _said(cause: Exception) -> str:
    """Return what follows a key in an error: its predicate, or, after a colon, a sentence with another subject."""
    text = str(cause)
    return f" {text}" if text.startswith(_VERBS) else f": {text}"


def _example(value: Value) -> str:
    return f", as in `{value.example}`" if value.example else ""


def _at(values: Any, keys: Keys) -> Any:
    """Return the value that keys lead to; None if there is none."""
    for key in keys:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return None
    return values
