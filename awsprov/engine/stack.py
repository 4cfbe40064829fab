"""Stack: the resources of a configuration, in the order in which they are created."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from awsprov.engine.graph import Graph
from awsprov.engine.ownership import Untaggable
from awsprov.engine.resource import Resource

R = TypeVar("R", bound=Resource)


class Stack:
    """The resources of a configuration, in order.

    Arguments:
        resources: the declared resources, each after those that it needs.
        kinds: every class of resource that can exist, in the order of creation; it decides when an orphan is deleted.
        untaggable: those that AWS cannot tag, each with the kind that it is a part of.
    """

    def __init__(
        self, resources: Iterable[Resource], kinds: tuple[type[Resource], ...], untaggable: Untaggable
    ) -> None:
        self._resources, self.kinds, self.untaggable = list(resources), kinds, untaggable

    def add(self, resource: R) -> R:
        """Declare a resource after all others, and return it."""
        self._resources.append(resource)
        return resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)

    def graph(self) -> Graph[Resource]:
        """Return each resource with what it needs."""
        return {resource: resource.needs for resource in self}

    def rank(self, resource: Resource) -> int:
        """Return the position of a resource's kind in the order of creation."""
        return self.kinds.index(type(resource))

    @property
    def present(self) -> list[Resource]:
        """The resources that exist, without those that are only a choice or a look-up."""
        return [resource for resource in self if resource.id and not resource.virtual]

    def of(self, kind: type[R]) -> list[R]:
        """Return the resources of one kind, in order."""
        return [resource for resource in self if isinstance(resource, kind)]
