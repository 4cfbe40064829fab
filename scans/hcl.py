"""Writes blocks in Terraform's language, as far as `terraform_code.py` needs it."""

import json
from dataclasses import dataclass, field
from typing import Any


class Nested(dict[str, Any]):
    """A block inside a block, which is written without `=`."""


@dataclass
class Blocks:
    """Resources. The id of one becomes a reference in the arguments of the others."""

    _written: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, id: str, **arguments: Any) -> None:  # noqa: A002 - the word of AWS and of awsprov
        """Add a resource; arguments that are None are left out."""
        name = f"{kind.removeprefix('aws_')}_{len(self._written)}"
        self._known.setdefault(id, f"{kind}.{name}.id")
        self._written.append((kind, name, arguments))

    def text(self) -> str:
        """Return the content of the file."""
        return "\n".join(
            f'resource "{kind}" "{name}" {{\n{self._body(arguments, "  ")}\n}}\n'
            for kind, name, arguments in self._written
        )

    def _body(self, arguments: dict[str, Any], indent: str) -> str:
        return "\n".join(self._line(key, value, indent) for key, value in arguments.items() if value is not None)

    def _line(self, key: str, value: Any, indent: str) -> str:
        blocks = value if isinstance(value, list) and value and isinstance(value[0], Nested) else [value]
        if isinstance(blocks[0], Nested):
            inner = indent + "  "
            return "\n".join(f"{indent}{key} {{\n{self._body(block, inner)}\n{indent}}}" for block in blocks)
        return f"{indent}{key} = {self._value(value)}"

    def _value(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{json.dumps(k)} = {self._value(v)}" for k, v in value.items()) + " }"
        if isinstance(value, list):
            return "[" + ", ".join(self._value(each) for each in value) + "]"
        if isinstance(value, str):
            return self._known.get(value) or json.dumps(value).replace("${", "$${")
        return json.dumps(value)
