"""Validates a configuration; and one with errors again without them, so that all its other errors are found, too."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from awsprov.config.allowed_values import Value
from awsprov.config.examples import EXAMPLES
from awsprov.config.fields import UNCHECKED
from awsprov.config.models import Config

_ATTEMPTS = 4  # a value that is left out may make others wrong
_SECTION = {"libraries": {"requirements": EXAMPLES["libraries.requirements"]}}
_REQUIRED = (
    "name", "region", "libraries.requirements", "functions", "functions.NAME.source", "functions.NAME.handler",
    "api.jwt.issuer", "api.jwt.audience",
)  # fmt: skip
_STAND_INS: dict[str, Any] = {**_SECTION, **{path: EXAMPLES[path] for path in _REQUIRED}}


def valid_part(values: Mapping[str, Any], context: Mapping[str, Any]) -> tuple[Config | None, list[ErrorDetails]]:
    """Return the configuration of values, and their errors.

    With errors, the configuration is that of the other values: stand-ins and defaults are in the place of the wrong
    ones. It is only good for finding more errors; None if there is none.
    """
    try:
        return Config.model_validate(values, context=context), []
    except ValidationError as error:
        errors = error.errors()
    remaining, wrong = deepcopy(dict(values)), errors
    for _ in range(_ATTEMPTS):
        for each in wrong:
            _leave_out(remaining, each)
        try:
            return Config.model_validate(remaining, context={**context, UNCHECKED: True}), errors
        except ValidationError as error:
            wrong = error.errors()
    return None, errors


def _leave_out(values: dict[str, Any], error: ErrorDetails) -> None:
    """Remove a wrong value, or put a stand-in in its place if it is required."""
    keys = [key for key in error["loc"] if key != "[key]"]
    value = Value(tuple(keys))
    if error["type"] != "extra_forbidden":
        keys = list(value.keys)
    while keys and isinstance(keys[-1], int):  # a list is left out as a whole
        keys.pop()
    section: Any = values
    for key in keys[:-1]:
        section = section.get(key) if isinstance(section, dict) else None
    if not keys or not isinstance(section, dict):
        return
    if value.path in _STAND_INS and error["type"] != "extra_forbidden" and "[key]" not in error["loc"]:
        section[keys[-1]] = deepcopy(_STAND_INS[value.path])
    else:
        section.pop(keys[-1], None)
