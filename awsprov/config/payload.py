"""The keys of a function whose handler takes a plain dictionary: `payload`, `errors` and `event`."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from awsprov.config.fields import Pattern

Payload = Literal["proxy", "body"]

_CLIENT_ERROR, _SERVER_ERROR, _BEYOND = 400, 500, 600
_EXCEPTION = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_GROUP = re.compile(r"\\[1-9]|\\k<|\(\?P?<(?![=!])")  # references to groups, and named groups
_SOURCE = re.compile(r"path\.(?P<path>\w+)|query\.[\w.-]+|body", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)  # none of `$`, `#` and `"`, which are syntax of the mapping template
_PARAMETER = re.compile(r"\{(\w+)\+?\}")


def _status(status: int) -> int:
    if status == _SERVER_ERROR:
        raise ValueError("is the status of every error that is not listed; leave it out")
    if not _CLIENT_ERROR <= status < _BEYOND:
        raise ValueError("should be the HTTP status of an error, 400 to 599")
    return status


def _error(value: Any) -> Any:
    """Return a pattern, or a list of exceptions, after a check."""
    if isinstance(value, str) and value:
        _check_pattern(value)
    elif not isinstance(value, list) or not value:
        raise ValueError("should be a pattern, or a list of exceptions, as in `[ValueError]`")
    elif wrong := [name for name in value if not isinstance(name, str) or not _EXCEPTION.fullmatch(name)]:
        raise ValueError(f"has {wrong[0]!r}, which is not the name of an exception, as in `[ValueError]`")
    return value


def _check_pattern(pattern: str) -> None:
    """Check what a pattern of Java and one of Python have in common."""
    if _GROUP.search(pattern):
        raise ValueError("is a pattern with a named group or a reference to one; use `(?:…)`, without a reference")
    try:
        re.compile(pattern)
    except re.error as error:
        if not error.msg.startswith("bad escape"):  # Java has more escapes, such as \p{Alpha}
            raise ValueError(f"is not a regular expression: {error}") from error


def _source(source: str) -> str:
    if not _SOURCE.fullmatch(source):
        raise ValueError("should be `path.NAME`, `query.NAME` or `body`")
    return source


def _field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise ValueError("should be a letter, then letters, digits, `-` and `_`")
    return name


_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
ErrorStatus = Annotated[int, AfterValidator(_status), Pattern("the HTTP status of an error, 400 to 599")]
ErrorMatch = Annotated[
    Any, BeforeValidator(_error), WithJsonSchema(_SCHEMA), Pattern("a pattern, or a list of exceptions")
]
EventField = Annotated[str, AfterValidator(_field), Pattern("a letter, then letters, digits, `-` and `_`")]
EventSource = Annotated[str, AfterValidator(_source), Pattern("`path.NAME`, `query.NAME` or `body`")]


def is_error(status: int, match: Any) -> bool:
    """Return whether `errors` can have a status with a pattern or a list of exceptions."""
    try:
        return bool(_status(status) and _error(match))
    except ValueError:
        return False


def missing_parameters(sources: dict[str, str], path: str) -> list[str]:
    """Return the path parameters that an event needs, and a route's path does not have."""
    known = set(_PARAMETER.findall(path))
    needed = [found["path"] for source in sources.values() if (found := _SOURCE.fullmatch(source))]
    return sorted({name for name in needed if name} - known)
