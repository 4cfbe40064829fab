"""Terraform's files as far as they can be read without Terraform: blocks, and values that need no computing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError

_REFERENCE = re.compile(r"\$\{(var|local|path)\.([A-Za-z0-9_-]+)\}")
DEEPEST = 8  # references to references


@dataclass(frozen=True)
class Block:
    """A resource, or a data source: `resource "TYPE" "NAME" { … }`.

    Arguments:
        file: the file that it stands in, for what is said of it.
    """

    type: str
    name: str
    file: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.type}.{self.name} in {self.file}"

    def inner(self, name: str) -> dict[str, Any]:
        """The first inner block of that name; empty when there is none."""
        found = self.values.get(name)
        first = found[0] if isinstance(found, list) and found else found
        return first if isinstance(first, dict) else {}


@dataclass
class Terraform:
    """What a directory's files say.

    Attributes:
        variables: values of variables: what `terraform.tfvars` gives, else their defaults.
        given: those that `terraform.tfvars` gives.
        sensitive: names of variables that are declared so.
        used: names of variables that were needed to read something else.
    """

    directory: Path
    variables: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    locals: dict[str, Any] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)
    resources: list[Block] = field(default_factory=list)
    data: list[Block] = field(default_factory=list)
    providers: list[Block] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def of(self, *types: str) -> list[Block]:
        """The resources of these types."""
        return [block for block in self.resources if block.type in types]

    def value(self, written: Any) -> Any:
        """What an expression comes to; None when that needs Terraform: a function, a condition, another's id."""
        for _ in range(DEEPEST):
            if not isinstance(written, str) or "${" not in written:
                return written
            whole = _REFERENCE.fullmatch(written)
            if whole:
                written = self._named(whole)
            else:
                written = _REFERENCE.sub(self._text, written)
                if "${" in _REFERENCE.sub("", written):
                    return None
        return None

    def _text(self, reference: re.Match[str]) -> str:
        """A reference within a text; one that nobody knows stays an expression."""
        value = self._named(reference)
        return "${?}" if value is None else str(value)

    def _named(self, reference: re.Match[str]) -> Any:
        kind, name = reference.groups()
        if kind == "path":
            return str(self.directory) if name in ("module", "root") else None
        if kind == "local":
            return self.locals.get(name)
        self.used.add(name)
        return self.variables.get(name)


def read_terraform(directory: Path) -> Terraform:
    """Read the `.tf` files and the `terraform.tfvars` of a directory; modules are not followed.

    Raises:
        UsageError: there are none, one is not HCL, or the extra `terraform` is not installed.
    """
    files = sorted(directory.glob("*.tf"))
    if not files:
        raise UsageError(f"There is no Terraform in {directory}.", why="No file in it ends in .tf.")
    found = Terraform(directory.absolute())
    for file in files:
        _take(found, file.name, _parsed(file))
    for file in [directory / "terraform.tfvars", *sorted(directory.glob("*.auto.tfvars"))]:
        if file.is_file():
            found.given |= _parsed(file)
    found.variables |= found.given
    return found


def _parsed(file: Path) -> dict[str, Any]:
    try:
        import hcl2  # noqa: PLC0415 - an extra, and slow to import
        from lark.exceptions import LarkError  # noqa: PLC0415 - it comes with that
    except ImportError as error:
        remedy = "Run `pip install 'awsprov[terraform]'`."
        raise UsageError(
            "Reading Terraform needs a library that is not installed.", why=str(error), remedy=remedy
        ) from error
    plain = hcl2.SerializationOptions(
        with_comments=False, explicit_blocks=False, preserve_heredocs=False, strip_string_quotes=True
    )
    try:
        return dict(hcl2.loads(file.read_text(encoding="utf-8") + "\n", serialization_options=plain))
    except (LarkError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is no HCL that can be read.", why=str(error).splitlines()[0]) from error


def _take(found: Terraform, file: str, said: dict[str, Any]) -> None:
    """Add one file's blocks."""
    found.resources += _blocks(said.get("resource", []), file)
    found.data += _blocks(said.get("data", []), file)
    for each in said.get("locals", []):
        found.locals |= each
    for name, values in _labelled(said.get("variable", [])):
        if values.get("default") is not None:
            found.variables[name] = values["default"]
        if values.get("sensitive") is True:
            found.sensitive.add(name)
    found.providers += [Block("provider", name, file, values) for name, values in _labelled(said.get("provider", []))]


def _blocks(said: list[Any], file: str) -> list[Block]:
    return [Block(kind, name, file, values) for kind, inner in _labelled(said) for name, values in inner.items()]


def _labelled(said: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Blocks with the label that stands before their brace."""
    for each in said:
        yield from each.items()
