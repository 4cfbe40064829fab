"""Resources of a template, their identifiers on AWS, and references to them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack

Properties = dict[str, Any]


@dataclass(frozen=True)
class TemplateResource:
    """A resource of a template.

    Arguments:
        name: its logical id.
        type: its type, as `AWS::EC2::VPC`.
        properties: its properties; those that are None are left out.
        identifier: its primary identifier on AWS, by which it is imported.
    """

    name: str
    type: str
    properties: Properties
    identifier: Mapping[str, str]


class TemplateContext:
    """The stack, its clients, and the logical ids of its resources.

    Arguments:
        aws: the clients.
        stack: the stack. Each resource must have its id.
    """

    def __init__(self, aws: Aws, stack: Stack) -> None:
        self.aws, self.stack = aws, stack
        self._names: dict[Resource, str] = {}
        for resource in stack:
            self._names[resource] = self._unused(logical_id(resource.name))

    def _unused(self, name: str) -> str:
        taken, number, unique = set(self._names.values()), 1, name
        while unique in taken:
            number += 1
            unique = f"{name}{number}"
        return unique

    def name(self, resource: Resource, suffix: str = "") -> str:
        """Return the logical id of a resource, or of a part of it."""
        return self._names[resource] + suffix

    def ref(self, resource: Resource) -> Properties | str:
        """Return a reference to a resource; of one that was there before the stack, its id."""
        return resource.id if resource.virtual else {"Ref": self.name(resource)}

    def refs(self, resources: Iterable[Resource]) -> list[Properties | str]:
        """Return a reference to each resource."""
        return [self.ref(resource) for resource in resources]

    def attribute(self, resource: Resource, attribute: str) -> Properties | str:
        """Return a reference to an attribute of a resource; of one that was there before the stack, its id."""
        return resource.id if resource.virtual else {"Fn::GetAtt": [self.name(resource), attribute]}

    def substituted(self, text: str, resource: Resource) -> Properties:
        """Return a string with a reference to a resource in place of `${}`."""
        return {"Fn::Sub": text.replace("${}", f"${{{self.name(resource)}}}")}

    def tags(self, resource: Resource) -> list[dict[str, str]]:
        """Return the tags of a resource on AWS."""
        return [{"Key": key, "Value": value} for key, value in resource.tags(self.aws).items()]

    def linked(self, document: Any, arns: Mapping[str, Properties | str]) -> Any:
        """Return a policy document with references in place of ARNs."""
        if isinstance(document, dict):
            return {key: self.linked(value, arns) for key, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.linked(value, arns) for value in document]
        return arns.get(document, document) if isinstance(document, str) else document


CloudFormationRow = Callable[[Any, TemplateContext], Iterable[TemplateResource]]
CloudFormationRows = Mapping[type[Resource], CloudFormationRow]


def logical_id(name: str) -> str:
    """Return a name as CloudFormation allows it: `public-subnet-1` becomes `PublicSubnet1`."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    return "".join(word[0].upper() + word[1:] for word in words)
