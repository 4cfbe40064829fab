"""Writes blocks in Terraform's language, formatted like `terraform fmt` does it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from awsprov.terraform.expressions import aligned, indented, written

_LAST = ("depends_on", "lifecycle")  # Terraform's own arguments, after those of the resource


@dataclass(frozen=True)
class Comment:
    """A value with a comment in the line above it, in a list.

    Arguments:
        text: the comment.
        value: what it describes.
    """

    text: str
    value: str


def block(head: str, values: dict[str, Any]) -> str:
    """Return a block.

    Arguments:
        head: what is before the brace, as `resource "aws_vpc" "vpc"`.
        values: its arguments. A list of dictionaries is written as nested blocks; None is left out.
    """
    sections = list(_sections({name: value for name, value in values.items() if value is not None}))
    return f"{head} {{\n" + "\n\n".join(indented(section) for section in sections) + "\n}"


def _sections(values: dict[str, Any]) -> Iterator[str]:
    """Yield the arguments of one line together, then the longer ones and the nested blocks one by one."""
    plain = {name: written(value) for name, value in values.items() if not _is_nested(value) and name not in _LAST}
    short = [(name, value) for name, value in plain.items() if "\n" not in value]
    if short:
        yield "\n".join(aligned(short))
    yield from (f"{name} = {value}" for name, value in plain.items() if "\n" in value)
    nested = [name for name, value in values.items() if _is_nested(value) and name not in _LAST]
    for name in [*nested, *(name for name in _LAST if name in values)]:
        yield from _blocks(name, values[name])


def _blocks(name: str, value: list[Any]) -> Iterator[str]:
    if not _is_nested(value):
        yield f"{name} = {written(value)}"
        return
    yield from (_commented(name, each) if _is_commented(each) else block(name, each) for each in value)


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _is_commented(values: dict[str, Any]) -> bool:
    return any(isinstance(item, Comment) for value in values.values() if isinstance(value, list) for item in value)


def _commented(head: str, values: dict[str, Any]) -> str:
    """Return a block whose lists have comments."""
    lines = [head + " {"]
    for name, items in values.items():
        members = "\n".join(f"# {item.text}\n{item.value}," for item in items)
        lines.append(indented(f"{name} = [\n{indented(members)}\n]"))
    return "\n".join([*lines, "}"])
