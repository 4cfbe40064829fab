"""Values in Terraform's language: literals, references to other resources, and JSON documents."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
INDENT = "  "


@dataclass(frozen=True)
class Expression:
    """An expression that is written as it is, such as `aws_vpc.vpc.id`."""

    text: str


@dataclass(frozen=True)
class Json:
    """A value that Terraform converts to a JSON document."""

    value: Any


def template(*parts: "str | Expression") -> Expression:
    """Return the expression of a template, which consists of strings and of the values of expressions."""
    return Expression('"' + "".join(f"${{{p.text}}}" if isinstance(p, Expression) else escaped(p) for p in parts) + '"')


def escaped(text: str) -> str:
    """Return the content of a quoted string."""
    return text.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{")


def written(value: Any) -> str:
    """Return a value in Terraform's language, formatted like `terraform fmt` does it."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Json):
        return f"jsonencode({written(value.value)})"
    if isinstance(value, dict):
        return _nested("{", aligned((_key(str(key)), written(item)) for key, item in value.items()), "}")
    if isinstance(value, list | tuple):
        return _list([written(item) for item in value])
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else str(value)
    return f'"{escaped(str(value))}"'


def aligned(members: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield `name = value` for each member; those of consecutive lines have their equals signs in one column."""
    group: list[tuple[str, str]] = []
    for name, value in members:
        if "\n" not in value:
            group.append((name, value))
            continue
        yield from _columns(group)
        group = []
        yield f"{name} = {value}"
    yield from _columns(group)


def _columns(members: list[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in members), default=0)
    for name, value in members:
        yield f"{name:<{width}} = {value}"


def indented(text: str) -> str:
    """Return a string with its lines indented by one level."""
    return "\n".join(f"{INDENT}{line}" if line else line for line in text.split("\n"))


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else f'"{escaped(name)}"'


def _list(items: list[str]) -> str:
    if len(items) < 2 and not any("\n" in item for item in items):  # noqa: PLR2004 - one item fits in the line
        return f"[{''.join(items)}]"
    return _nested("[", [f"{item}," for item in items], "]")


def _nested(opening: str, lines: Iterable[str], closing: str) -> str:
    inner = [indented(line) for line in lines]
    return "\n".join([opening, *inner, closing]) if inner else opening + closing
