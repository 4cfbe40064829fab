"""Checks every request against the service model of botocore: what is required, lengths, ranges, patterns and choices.

Services check in the same way before they look at anything else, with the same words. Where a real service is known
to differ from its model, `MODEL_EXCEPTIONS` says so.
"""

import functools
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex
from moto.core.utils import get_service_model

from awsprov.local.behaviour.model_rows import ERROR_CODES, EXCEPTED, INVALID_CHOICE, MALFORMED
from awsprov.local.wire import ApiCall, ServiceError

# API Gateway's newer API has its bounds in the names of shapes only.
_NAMED_BOUNDS = re.compile(r"(?:String|Integer)WithLengthBetween(\d+)And(\d+)")
_NULL = "must not be null"
_ENUM = "must satisfy enum value set"

_TYPES: dict[str, Any] = {
    "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "integer": int, "long": int,
    "float": int | float, "double": int | float,
}  # fmt: skip

Misfit = tuple[str, str, str]  # the member, what its value is, and the constraint that it does not satisfy


@dataclass
class Counts:
    """How many requests were checked since the cloud started, and how many of them did not fit."""

    checked: int = 0
    misfits: int = 0


counts = Counts()
_log = logging.getLogger(__name__)


def check(call: ApiCall) -> None:
    """Check the parameters of a call.

    Raises:
        ServiceError: one is missing, or does not satisfy a constraint of the model; the message names all of them.
    """
    shape = _input_shape(call.service, call.operation)
    if shape is None:
        return
    if call.malformed or not _has_types(shape, call.params):
        raise ServiceError(MALFORMED.get(call.service, "SerializationException"), "A value has the wrong type.")
    found = [misfit for misfit in _misfits(shape, call.params, "") if (call.name, misfit[0]) not in EXCEPTED]
    counts.checked += 1
    if found:
        counts.misfits += 1
        error = _error(call, found)
        _log.info("%s does not fit its service model: %s", call.name, error.message)
        raise error


@functools.cache
def _input_shape(service: str, operation: str) -> Any:
    """Return the shape of an operation's parameters; None if there is no such operation, or if it takes none."""
    if not operation:
        return None
    return get_service_model(service).operation_model(operation).input_shape


def _error(call: ApiCall, misfits: list[Misfit]) -> ServiceError:
    """Return the error of the service. EC2 and the choices of some services have codes and words of their own."""
    member, value, constraint = misfits[0]
    if call.service == "ec2":
        if constraint == _NULL:
            return ServiceError("MissingParameter", f"The request must contain the parameter {member}")
        return ServiceError("InvalidParameterValue", f"Value ({value}) for parameter {member} is invalid.")
    if (call.service, member) in INVALID_CHOICE and constraint.startswith(_ENUM):
        return ServiceError(INVALID_CHOICE[call.service, member], _sentence(misfits[0]))
    errors = f"{len(misfits)} validation error{'s' * (len(misfits) > 1)} detected"
    code = ERROR_CODES.get(call.service, "ValidationException")
    return ServiceError(code, f"{errors}: {'; '.join(_sentence(misfit) for misfit in misfits)}")


def _sentence(misfit: Misfit) -> str:
    member, value, constraint = misfit
    return f"Value{value and f' {value}'} at '{member}' failed to satisfy constraint: Member {constraint}"


def _has_types(shape: Any, value: Any) -> bool:
    """Return whether a value and all below it have the types of the model. Blobs and times are parsed already."""
    if value is None or shape.serialization.get("jsonvalue"):
        return True
    if not isinstance(value, _TYPES.get(shape.type_name, object)):
        return False
    if shape.type_name == "structure":
        return all(_has_types(shape.members[name], each) for name, each in value.items() if name in shape.members)
    if shape.type_name == "list":
        return all(_has_types(shape.member, each) for each in value)
    return shape.type_name != "map" or all(_has_types(shape.value, each) for each in value.values())


def _misfits(shape: Any, value: Any, member: str) -> Iterator[Misfit]:
    """Yield what does not fit in a value and below it."""
    if value is None:
        return
    for constraint in _violations(shape, value):
        yield member, _shown(shape, value), constraint
    if shape.type_name == "structure" and isinstance(value, dict):
        yield from _misfits_of_structure(shape, value, member)
    elif shape.type_name == "list" and isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield from _misfits(shape.member, each, f"{member}.{number}.member")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, each in value.items():
            yield from _misfits(shape.key, key, f"{member}.{key}.key")
            yield from _misfits(shape.value, each, f"{member}.{key}.member")


def _misfits_of_structure(shape: Any, value: dict[str, Any], member: str) -> Iterator[Misfit]:
    path = f"{member}." if member else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path}{_camel(name)}", "null", _NULL
    for name, each in value.items():
        if name in shape.members:
            yield from _misfits(shape.members[name], each, f"{path}{_camel(name)}")


def _violations(shape: Any, value: Any) -> Iterator[str]:
    """Yield the constraints that a value itself does not satisfy."""
    low, high = _bounds(shape)
    size: float
    if isinstance(value, str | bytes | list | dict):
        size, measured = len(value), "length"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size, measured = value, "value"
    else:
        return
    if high is not None and size > high:
        yield f"must have {measured} less than or equal to {high}"
    if low is not None and size < low:
        yield f"must have {measured} greater than or equal to {low}"
    if isinstance(value, str):
        yield from _violations_of_text(shape, value)


def _violations_of_text(shape: Any, value: str) -> Iterator[str]:
    pattern, choices = shape.metadata.get("pattern"), getattr(shape, "enum", None)
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"must satisfy regular expression pattern: {pattern}"
    if choices and value not in choices:
        yield f"{_ENUM}: [{', '.join(choices)}]"


def _bounds(shape: Any) -> tuple[Any, Any]:
    if "max" in shape.metadata or "min" in shape.metadata:
        return shape.metadata.get("min"), shape.metadata.get("max")
    named = _NAMED_BOUNDS.fullmatch(shape.name)
    return (int(named[1]), int(named[2])) if named else (None, None)


@functools.cache
def _compiled(pattern: str) -> "regex.Pattern[str]":
    """Return a pattern, compiled once; Python's own `re` does not know `\\p{L}`."""
    return regex.compile(pattern)


def _shown(shape: Any, value: Any) -> str:
    """Return a value as services show it: quoted, and not at all if it may be a secret."""
    return "" if shape.metadata.get("sensitive") else f"'{value}'"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
