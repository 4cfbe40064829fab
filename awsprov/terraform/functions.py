"""Terraform's functions, as far as their results depend on nothing but the files."""

import base64
import json
import posixpath
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from itertools import islice, product
from typing import Any
from urllib.parse import quote_plus

from awsprov.config import yaml_document
from awsprov.terraform.values import (
    MAX_ITEMS,
    MAX_LENGTH,
    Unknown,
    combine,
    guess,
    has_unknown,
    is_sensitive,
    mark,
    text_of,
)


def call(name: str, arguments: list[Any]) -> Any:
    """Return the result of a function; unknown if it depends on a run, or is none of those here."""
    whole = Unknown(f"is computed (`{name}(...)`)")
    structural = _STRUCTURAL.get(name)
    if any(isinstance(each, Unknown) for each in arguments) and name not in ("coalesce", "merge"):
        return combine(*arguments, reason=whole.reason if not structural else "")
    if name in ("jsonencode", "yamlencode") and has_unknown(*arguments):
        return replace(combine(*arguments, reason=whole.reason), text=_json(guess(arguments[0])))
    if not structural and (has_unknown(*arguments) or name not in _PLAIN):
        return combine(*arguments, reason=whole.reason)
    try:
        value = (structural or _PLAIN[name])(*arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError, ArithmeticError):
        return combine(*arguments, reason=whole.reason)
    return mark(value) if not structural and is_sensitive(arguments) else value


# ---- functions that leave each element as it is, also an unknown or sensitive one


def _merge(*maps: Any) -> Any:
    if unknown := [each for each in maps if isinstance(each, Unknown)]:
        return combine(*unknown)
    return {key: value for each in maps if each for key, value in each.items()}


def _lookup(table: dict[str, Any], key: str, *default: Any) -> Any:
    return table[key] if key in table or not default else default[0]


def _flatten(values: list[Any]) -> list[Any]:
    return [leaf for each in values for leaf in (_flatten(each) if isinstance(each, list) else [each])]


def _coalesce(*values: Any) -> Any:
    return next(value for value in values if value not in (None, ""))


def _distinct(values: Any) -> list[Any]:
    result: list[Any] = []
    for value in values:
        result += [] if value in result else [value]
    return result


def _set(values: Any) -> Any:
    found = _distinct(values)
    return sorted(found) if all(isinstance(each, str) for each in found) else found


def _slice(values: list[Any], start: int, end: int) -> list[Any]:
    return values[int(start) : int(end)]


_STRUCTURAL: dict[str, Callable[..., Any]] = {
    "merge": _merge,
    "lookup": _lookup,
    "concat": lambda *lists: [item for each in lists for item in each],
    "element": lambda values, index: values[int(index) % len(values)],
    "flatten": _flatten,
    "compact": lambda values: [each for each in values if each not in (None, "")],
    "coalesce": _coalesce,
    "coalescelist": lambda *lists: next(each for each in lists if each),
    "distinct": _distinct,
    "toset": _set,
    "tolist": list,
    "tomap": dict,
    "keys": sorted,
    "values": lambda table: [table[key] for key in sorted(table)],
    "length": len,
    "contains": lambda values, value: value in values,
    "slice": _slice,
    "reverse": lambda values: values[::-1],
    "setproduct": lambda *sets: [list(each) for each in islice(product(*sets), MAX_ITEMS)],
    "one": lambda values: values[0] if values else None,
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
    "sensitive": mark,
    "nonsensitive": lambda value: value,
}


# ---- functions of plain values


def _json(value: Any) -> str:
    """Return JSON as Terraform writes it: without spaces, keys sorted, and `<`, `>` and `&` escaped."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _format(pattern: str, *values: Any) -> str:
    """Return `format`, with the verbs that need no width."""
    pieces = pattern.replace("%%", "\0").split("%")
    rest, text = iter(values), pieces[0]
    for piece in pieces[1:]:
        value = next(rest, None)
        if piece[:1] == "q":
            text += _json(text_of(value))
        elif piece[:1] in ("s", "d", "v", "t") and not isinstance(value, list | dict):
            text += text_of(value)
        else:
            raise ValueError("a verb with a width")
        text += piece[1:]
    return text.replace("\0", "%")


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old[0] == old[-1] == "/":
        raise ValueError("a regular expression")  # RE2's; and one of a file could take for ever
    if not old or text.count(old) * len(new) > MAX_LENGTH:
        raise ValueError("too long")
    return text.replace(old, new)


def _join(separator: str, *lists: Any) -> str:
    texts = [text_of(each) for items in lists for each in items]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_LENGTH:
        raise ValueError("too long")
    return separator.join(texts)


def _range(*limits: Any) -> list[int]:
    numbers = range(*map(int, limits))
    if len(numbers) > MAX_ITEMS:
        raise ValueError("too long")
    return list(numbers)


def _subnet(prefix: str, bits: Any, number: Any) -> str:
    network = ip_network(prefix)
    step = 1 << (network.max_prefixlen - network.prefixlen - int(bits))
    return f"{network.network_address + int(number) * step}/{network.prefixlen + int(bits)}"


def _number(text: Any) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _substring(text: str, start: int, length: int) -> str:
    return text[int(start) :] if length < 0 else text[int(start) : int(start) + int(length)]


_PLAIN: dict[str, Callable[..., Any]] = {
    "jsonencode": _json,
    "jsondecode": json.loads,
    "yamldecode": yaml_document.parse,
    "join": _join,
    "split": lambda separator, text: text.split(separator) if separator else list(text),
    "format": _format,
    "replace": _replace,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "trimspace": str.strip,
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": str.removeprefix,
    "trimsuffix": str.removesuffix,
    "chomp": lambda text: text.rstrip("\r\n"),
    "startswith": str.startswith,
    "endswith": str.endswith,
    "substr": _substring,
    "tostring": lambda value: None if value is None else text_of(value),
    "tonumber": _number,
    "tobool": {"true": True, "false": False, True: True, False: False}.__getitem__,
    "sort": sorted,
    "sum": sum,
    "max": max,
    "min": min,
    "abs": abs,
    "floor": lambda value: int(value // 1),
    "ceil": lambda value: -int(-value // 1),
    "range": _range,
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "abspath": lambda path: path,  # all paths are absolute here, or relative to the root
    "cidrsubnet": _subnet,
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "base64decode": lambda text: base64.b64decode(text).decode(),
    "urlencode": quote_plus,
}
