"""A row of the table, and what its functions get: the clients, and references to other resources."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.terraform.expressions import Expression, template

Arguments = dict[str, Any]


@dataclass(frozen=True)
class TerraformResource:
    """A resource or data source of Terraform.

    Arguments:
        type: its type, as `aws_vpc`.
        name: its name.
        arguments: its arguments and nested blocks.
        import_id: by which Terraform imports it; empty for a data source.
        mode: `resource`, or `data` for a data source.
    """

    type: str
    name: str
    arguments: Arguments
    import_id: str
    mode: Literal["resource", "data"] = "resource"

    @property
    def address(self) -> str:
        """Its address, as `aws_vpc.vpc`."""
        return f"{'data.' if self.mode == 'data' else ''}{self.type}.{self.name}"


def _own_id(resource: Resource, _: "TerraformContext") -> str:
    return resource.id


def _no_parts(*_: Any) -> Iterable[TerraformResource]:
    return ()


@dataclass(frozen=True)
class Row:
    """What a class of resources is in Terraform.

    Arguments:
        type: the type in Terraform.
        arguments: returns the arguments of a resource, without its tags.
        import_id: returns the id by which Terraform imports it; by default its own.
        parts: returns what else it consists of in Terraform, such as the associations of a route table.
        mode: `resource`, or `data` for what Terraform only reads.
    """

    type: str
    arguments: Callable[[Any, "TerraformContext"], Arguments]
    import_id: Callable[[Any, "TerraformContext"], str] = _own_id
    parts: Callable[[Any, "TerraformContext"], Iterable[TerraformResource]] = _no_parts
    mode: Literal["resource", "data"] = "resource"


Rows = Mapping[type[Resource], Row]


class TerraformContext:
    """The stack, its clients, and how its resources are named in Terraform.

    Arguments:
        aws: the clients.
        stack: the stack. Each resource must have its id.
        rows: the table.
    """

    def __init__(self, aws: Aws, stack: Stack, rows: Rows) -> None:
        self.aws, self.stack, self.rows = aws, stack, rows
        self._names = _names(stack, rows)

    def name(self, resource: Resource) -> str:
        """Return its name in Terraform."""
        return self._names[resource]

    def address(self, resource: Resource) -> str:
        """Return its address in Terraform, as `aws_vpc.vpc`."""
        row = self.rows[type(resource)]
        return f"{'data.' if row.mode == 'data' else ''}{row.type}.{self.name(resource)}"

    def reference(self, resource: Resource, attribute: str = "id") -> Expression:
        """Return a reference to an attribute of a resource."""
        return Expression(f"{self.address(resource)}.{attribute}")

    def references(self, resources: Iterable[Resource], attribute: str = "id") -> list[Expression]:
        """Return a reference to an attribute of each resource."""
        return [self.reference(resource, attribute) for resource in resources]

    def linked(self, document: Any, arns: "Mapping[str, Expression]") -> Any:
        """Return a policy document with references in place of the ARNs of other resources.

        Arguments:
            document: the document.
            arns: the reference for each ARN.
        """
        if isinstance(document, dict):
            return {key: self.linked(value, arns) for key, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.linked(value, arns) for value in document]
        if isinstance(document, str) and document in arns:
            return arns[document]
        if isinstance(document, str) and document.removesuffix(":*") in arns:
            return template(arns[document.removesuffix(":*")], ":*")
        return document


def _names(stack: Stack, rows: Rows) -> dict[Resource, str]:
    """Return a name for each resource that has a row, unique among those of its type."""
    names: dict[Resource, str] = {}
    taken: set[tuple[str, str]] = set()
    for resource in stack:
        row = rows.get(type(resource))
        if row is None:
            continue
        name = base = identifier(resource.name)
        number = 1
        while (row.type, name) in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add((row.type, name))
        names[resource] = name
    return names


def identifier(name: str) -> str:
    """Return a name as Terraform allows it: `path /items/{id}` becomes `path_items_id`."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    return words if words[:1].isalpha() else f"_{words}"
