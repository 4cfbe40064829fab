"""Existing: the base class of existing resources, which the stack uses and never changes."""

from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.errors import UsageError


@dataclass(eq=False, repr=False)
class Existing(Resource):
    """An existing resource, such as a subnet or a secret.

    `find` returns an empty id if it is missing or cannot be used: a stack without it can be looked at and deleted. A
    plan reports everything that is missing, so that nothing is created before all of it exists.
    """

    virtual = True

    def create(self, aws: Aws) -> str:
        """Raise the error that it is missing."""
        raise self.missing_error(aws)

    def missing_error(self, aws: Aws) -> UsageError:
        """Return the error that says why it cannot be used, and what to do."""
        raise NotImplementedError
