"""A resource or data source of Terraform, from its files or from `terraform show -json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.terraform.values import Unknown, unknowns

_READ, _LATER = "Terraform reads when it runs", "is known after `terraform apply`"


@dataclass(frozen=True, eq=False)
class ParsedResource:
    """A resource or data source.

    Arguments:
        address: its address, such as `module.api.aws_lambda_function.rank["a"]`.
        name: the name in its block, without module and index.
        key: its key of `for_each` or `count`, as text.
        file: the file of its block, for notes.
        values: its arguments; inner blocks are lists of maps.
        directory: the directory of its module.
    """

    type: str
    name: str
    address: str
    file: str
    values: Mapping[str, Any]
    directory: Path
    key: str = ""
    is_data: bool = False

    def __str__(self) -> str:
        return f"{self.address} in {self.file}"

    def get(self, name: str) -> Any:
        """Return the value of an argument; None if it is not set."""
        return self.values.get(name)

    def attribute(self, name: str) -> Any:
        """Return an attribute, which is unknown if it is no argument: `arn` and the like."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, Unknown):
            return value
        return Unknown(
            f"depends on {self.address}.{name}, which {_READ if self.is_data else _LATER}",
            frozenset({self.address}) | (value.references if value else frozenset()),
            f"{self.address}.{name}",
        )

    def inner(self, name: str) -> dict[str, Any]:
        """Return the first inner block of a name; empty if there is none."""
        return next(iter(self.blocks(name)), {})

    def blocks(self, name: str) -> list[dict[str, Any]]:
        """Return the inner blocks of a name."""
        return inner_blocks(self.values.get(name))

    def refers_to(self, value: Any) -> bool:
        """Return whether a value contains an attribute that identifies this resource."""
        if any(self.address in each.references for each in unknowns(value)):
            return True
        own = [self.values.get(name) for name in ("id", "arn", "invoke_arn", "qualified_arn")]
        return isinstance(value, str) and any(isinstance(each, str) and each and each in value for each in own)


@dataclass
class Infrastructure:
    """All resources of a Terraform configuration, with those of its modules.

    Attributes:
        directory: the directory of the configuration.
        providers: the values of the blocks `provider "aws"`.
        notes: what could not be read, and why.
    """

    directory: Path
    resources: list[ParsedResource] = field(default_factory=list)
    providers: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, *types: str) -> list[ParsedResource]:
        """Return the resources of some types."""
        return [each for each in self.resources if each.type in types and not each.is_data]

    def data(self, kind: str) -> list[ParsedResource]:
        """Return the data sources of a type."""
        return [each for each in self.resources if each.type == kind and each.is_data]


def inner_blocks(value: Any) -> list[dict[str, Any]]:
    """Return the inner blocks of a value, which has them as a list, or a single one without a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
