"""What the value of each key may be, in plain words and with an example: from the types and limits of the models."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from awsprov.config.examples import EXAMPLES
from awsprov.config.fields import Pattern, Section
from awsprov.config.models import NOT_IN_FILE, Config
from awsprov.config.yaml_document import Keys

_SHOWN = 40  # characters of a value in a message
_CHOICES = 8  # choices and keys that a message lists
_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    date: "a date",
    IPv4Network: "a range of IPv4 addresses, written as its first address and its length",
}


class Value:
    """A value in the configuration: what it may be.

    Arguments:
        keys: the keys that lead to it; those that only name a branch of a type are left out.

    Attributes:
        keys: the keys that lead to it.
        path: the same, with NAME in place of names.
    """

    def __init__(self, keys: Keys) -> None:
        kind: Any = Config
        limits: Sequence[Any] = ()
        followed: list[str | int] = []
        names: list[str] = []
        for key in keys:
            inner = _inner(kind, key)
            if inner is None:
                break
            kind, limits, name = inner
            followed.append(key)
            names += [name] if name else []
        self.keys, self.path = tuple(followed), ".".join(names)
        self._kind, self._limits = kind, limits

    @property
    def dotted(self) -> str:
        """The keys as they are written in messages, as `functions.predict.routes`."""
        return ".".join(map(str, self.keys))

    @property
    def allowed(self) -> str:
        """What the value may be."""
        return _describe(self._kind, self._limits)

    @property
    def allowed_key(self) -> str:
        """What the keys of this mapping may be."""
        key = next(get_args(kind)[0] for kind in _branches(self._kind) if get_origin(kind) is dict)
        return _describe(key, ())

    @property
    def example(self) -> str:
        """A line of config.yaml with a value that is allowed; empty for a section, whose keys have examples."""
        key = next((key for key in reversed(self.keys) if isinstance(key, str)), "")
        value = EXAMPLES.get(self.path, _default(self.path))
        if isinstance(value, dict) and self.is_text:  # an entry of a mapping, which has an example as a whole
            value = next(iter(value.values()))
        return "" if value is None else f"{key}: {dump_flow(value)}"

    @property
    def is_text(self) -> bool:
        """Whether a string is allowed, which numbers and other words become in quotes."""
        return any(
            kind is str or (get_origin(kind) is Literal and isinstance(get_args(kind)[0], str))
            for kind in _branches(self._kind)
        )

    @property
    def known_keys(self) -> list[str]:
        """The keys of this section; none if it is no section."""
        return next((_keys(kind) for kind in _branches(self._kind) if _is_section(kind)), [])


def shown(value: Any) -> str:
    """Return a value for a message, on one line, and not longer than part of it."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list):
        return f"{'a mapping' if isinstance(value, dict) else 'a list'}, {_cut(dump_flow(value))}"
    return f"`{_cut(dump_flow(value))}`"


def dump_flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n...\n").strip()
    return json.dumps(value, ensure_ascii=False) if text.startswith("'") and isinstance(value, str) else text


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _inner(kind: Any, key: str | int) -> tuple[Any, Sequence[Any], str] | None:
    """Return type, limits and name of the value below a key; None if the type has none there."""
    for branch in _branches(kind):
        if _is_section(branch) and key in branch.model_fields:
            field = branch.model_fields[key]
            return field.annotation, field.metadata, str(key)
        if get_origin(branch) is dict:
            return get_args(branch)[1], (), "NAME" if _is_section(get_args(branch)[1]) else ""
        if get_origin(branch) is list and isinstance(key, int):
            return get_args(branch)[0], (), ""
    return None


def _branches(kind: Any) -> Iterator[Any]:
    """Yield the types of a union but None, without their limits."""
    if get_origin(kind) is Annotated:
        yield from _branches(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for each in get_args(kind):
            yield from _branches(each)
    elif kind is not type(None):
        yield kind


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _keys(section: type[Section]) -> list[str]:
    return [name for name in section.model_fields if name not in NOT_IN_FILE]


def _describe(kind: Any, limits: Sequence[Any]) -> str:
    limits = [each for limit in limits for each in (limit.metadata if isinstance(limit, FieldInfo) else (limit,))]
    pattern = next((limit for limit in limits if isinstance(limit, Pattern)), None)
    origin, inner = get_origin(kind), get_args(kind)
    if pattern:
        return pattern.words
    if origin is Annotated:
        return _describe(inner[0], [*inner[1:], *limits])
    if origin in (Union, UnionType):
        return " or ".join(_describe(each, limits) for each in inner if each is not type(None))
    return _plain(kind, limits)


def _plain(kind: Any, limits: Sequence[Any]) -> str:
    """Describe a type that is no union."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _one_of([dump_flow(value) for value in inner])
    if origin is list:
        most = next((limit.max_length for limit in limits if hasattr(limit, "max_length")), None)
        return f"a list{f' of {most} values at most' if most else ''}; each is {_describe(inner[0], ())}"
    if origin is dict:
        most = next((limit.max_length for limit in limits if hasattr(limit, "max_length")), None)
        return f"{f'at most {most} ' if most else ''}names with values; each is {_describe(inner[1], ())}"
    if _is_section(kind):
        keys, many = _keys(kind), len(_keys(kind)) > _CHOICES
        return f"a section with {'keys such as ' if many else 'the keys '}{', '.join(keys[:_CHOICES])}"
    return f"{_WORDS.get(kind, 'a value')}{_range(limits)}"


def _one_of(choices: list[str]) -> str:
    if len(choices) == 1:
        return f"`{choices[0]}`"
    listed = ", ".join(choices[:-1]) if len(choices) <= _CHOICES else f"{', '.join(choices[:_CHOICES])} …"
    return f"one of {listed} or {choices[-1]}"


def _range(limits: Sequence[Any]) -> str:
    bounds = {name: getattr(limit, name) for limit in limits for name in ("ge", "gt", "le") if hasattr(limit, name)}
    least = f" from {bounds['ge']}" if "ge" in bounds else f" above {bounds['gt']}" if "gt" in bounds else ""
    return least + (f" {'up ' if 'gt' in bounds else ''}to {bounds['le']}" if "le" in bounds else "")


def _default(path: str) -> Any:
    """Return the default of a key for an example; None if it has none, or is a section."""
    kind: Any = Config
    default: Any = None
    for name in path.split("."):
        section = next((branch for branch in _branches(kind) if _is_section(branch)), None)
        if section is not None and name in section.model_fields:
            kind, default = section.model_fields[name].annotation, section.model_fields[name].default
        else:
            kind = next((get_args(branch)[1] for branch in _branches(kind) if get_origin(branch) is dict), None)
    return str(default) if isinstance(default, IPv4Network) else default if _is_plain(default) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) or (isinstance(value, list) and bool(value))
