"""Reads Terraform files without Terraform: blocks, and values that need no computing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.files import read_limited

_REFERENCE = re.compile(r"\$\{(var|local|path)\.([A-Za-z0-9_-]+)\}")
VALIDATE = "`terraform validate` shows what is wrong."
MAX_REFERENCES = 8  # references to references that are followed
MAX_LENGTH = 64 * 1024  # characters of a value; references to references multiply
MAX_SIZE = 1024 * 1024  # bytes of a file
MAX_FILES = 200  # of a directory


@dataclass(frozen=True)
class Block:
    """A block with type and name: `resource "TYPE" "NAME" { … }`, or a data source or provider.

    Arguments:
        file: the name of its file, for notes.
        values: its arguments and inner blocks.
    """

    type: str
    name: str
    file: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.type}.{self.name} in {self.file}"

    def inner(self, name: str) -> dict[str, Any]:
        """Return the first inner block of a name; empty if there is none."""
        found = self.values.get(name)
        first = found[0] if isinstance(found, list) and found else found
        return first if isinstance(first, dict) else {}


@dataclass
class Terraform:
    """The content of a directory of Terraform files.

    Attributes:
        variables: the values of variables, from `terraform.tfvars` or their defaults.
        given: the values from `terraform.tfvars`.
        sensitive: the names of variables declared as sensitive.
        used: the names of variables that other values refer to.
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
        """Return the resources of some types."""
        return [block for block in self.resources if block.type in types]

    def value(self, expression: Any) -> Any:
        """Return the value of an expression; None if only Terraform can compute it, as a function or an id."""
        for _ in range(MAX_REFERENCES):
            if not isinstance(expression, str) or "${" not in expression:
                return expression
            whole = _REFERENCE.fullmatch(expression)
            if whole:
                expression = self._named(whole)
            else:
                expression = _REFERENCE.sub(self._text, expression)
                if len(expression) > MAX_LENGTH:
                    return None
                if "${" in _REFERENCE.sub("", expression):
                    return None
        return None

    def _text(self, reference: re.Match[str]) -> str:
        """Return the value of a reference within a text; an unknown one remains an expression."""
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
    """Read the `.tf` files and `terraform.tfvars` of a directory, without modules.

    Raises:
        UsageError: there are no such files, one is not valid HCL, or the extra `terraform` is not installed.
    """
    files = sorted(directory.glob("*.tf"))[: MAX_FILES + 1]
    if len(files) > MAX_FILES:
        raise UsageError(f"There are more than {MAX_FILES} Terraform files in {directory}.")
    if not files:
        raise UsageError(f"There are no Terraform files in {directory}.", why="No file in it ends in .tf.")
    found = Terraform(directory.absolute())
    for file in files:
        try:
            _add_file(found, file.name, _parsed(file))
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{file} has an argument where a block belongs.", remedy=VALIDATE) from error
    for file in [directory / "terraform.tfvars", *sorted(directory.glob("*.auto.tfvars"))]:
        if file.exists():
            found.given |= _parsed(file)
    found.variables |= found.given
    return found


def _parsed(file: Path) -> dict[str, Any]:
    try:
        import hcl2  # noqa: PLC0415 - an optional dependency, and slow to import
        from lark.exceptions import LarkError  # noqa: PLC0415 - a dependency of hcl2
    except ImportError as error:
        remedy = "Run `pip install 'awsprov[terraform]'`."
        raise UsageError(
            "Reading Terraform files needs the package python-hcl2, which is not installed.",
            why=str(error),
            remedy=remedy,
        ) from error
    plain = hcl2.SerializationOptions(
        with_comments=False, explicit_blocks=False, preserve_heredocs=False, strip_string_quotes=True
    )
    try:
        text = read_limited(file, MAX_SIZE).decode()
        return dict(hcl2.loads(text + "\n", serialization_options=plain))
    except OSError as error:
        raise UsageError(f"{file} cannot be read.", why=str(error.strerror)) from error
    except RecursionError as error:
        raise UsageError(f"{file} is nested too deeply.") from error
    except (LarkError, ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is not valid HCL.", why=_position(error)) from error


def _position(error: Exception) -> str:
    """Return where a file is not valid, without any of its text, which may be a secret."""
    line, column = getattr(error, "line", None), getattr(error, "column", None)
    return f"line {line}, column {column}" if line and line > 0 else type(error).__name__


def _add_file(found: Terraform, file: str, content: dict[str, Any]) -> None:
    """Add the blocks of a file."""
    found.resources += _blocks(content.get("resource", []), file)
    found.data += _blocks(content.get("data", []), file)
    for each in content.get("locals", []):
        found.locals |= each
    for name, values in _labelled(content.get("variable", [])):
        if values.get("default") is not None:
            found.variables[name] = values["default"]
        if values.get("sensitive") is True:
            found.sensitive.add(name)
    found.providers += [
        Block("provider", name, file, values) for name, values in _labelled(content.get("provider", []))
    ]


def _blocks(blocks: list[Any], file: str) -> list[Block]:
    return [Block(kind, name, file, values) for kind, inner in _labelled(blocks) for name, values in inner.items()]


def _labelled(blocks: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each block with its label."""
    for each in blocks:
        yield from each.items()
