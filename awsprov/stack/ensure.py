"""Ensure: what the declaration calls for each resource."""

from typing import Protocol, TypeVar

from awsprov.engine.resource import Resource

R = TypeVar("R", bound=Resource)


class Ensure(Protocol):
    """Takes a resource and returns it: the stack's collector, or an engine that creates it at once."""

    def __call__(self, resource: R, /) -> R:
        """Declare and return the resource."""
