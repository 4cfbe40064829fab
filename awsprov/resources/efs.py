"""EfsResource: the base class of EFS's resources. EFS has neither filters by tag nor waiters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.errors import AwsprovError
from awsprov.resources.described import DescribedResource, tag_pairs
from awsprov.resources.missing_ok import none_if_missing

_DELETED_STATES = ("deleting", "deleted")


@dataclass(eq=False, repr=False)
class EfsResource(DescribedResource):
    """A resource of EFS: found by listing all of its type and comparing tags.

    Attributes:
        describe_method: the method of the client that lists resources of the type.
        result_key: the member of the response that holds the descriptions.
        id_key: also the parameter of `describe_method` that takes the id.
        missing_code: the error code for an id that does not exist.
        timeout: seconds within which it must become available, and be deleted.
    """

    area = "storage"
    describe_method: ClassVar[str]
    result_key: ClassVar[str]
    missing_code: ClassVar[str]
    timeout: ClassVar[float] = 600

    @classmethod
    def describe_all(cls, aws: Aws, **parameters: str) -> list[dict[str, Any]]:
        """Return the descriptions of all resources of the type that are not being deleted.

        Arguments:
            aws: the clients.
            parameters: parameters of `describe_method`, as FileSystemId.
        """
        efs: Any = aws.efs  # its stubs ask for a literal name
        pages = efs.get_paginator(cls.describe_method).paginate(**parameters)
        return [
            item for page in pages for item in page[cls.result_key] if item["LifeCycleState"] not in _DELETED_STATES
        ]

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions of the stack's resources of the type."""
        return [
            item for item in aws.cached(cls.__name__, lambda: cls.describe_all(aws)) if aws.tagged_name(item["Tags"])
        ]

    def describe(self, aws: Aws) -> dict[str, Any]:
        """Return its description, requested by its ID; empty if EFS does not know the ID."""
        call = partial(getattr(aws.efs, self.describe_method), **{self.id_key: self.id})
        response = none_if_missing(call, missing=[self.missing_code])
        return next(iter(response[self.result_key]), {}) if response else {}

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        aws.efs.tag_resource(ResourceId=self.id, Tags=tag_pairs(tags))

    def untag(self, aws: Aws, keys: list[str]) -> None:
        aws.efs.untag_resource(ResourceId=self.id, TagKeys=keys)

    def wait(self, aws: Aws) -> None:
        if self.describe_cached(aws)["LifeCycleState"] != "available":
            aws.wait_until(lambda: self._available(aws), self.timeout, f"{self.name} to be available")

    def _available(self, aws: Aws) -> bool:
        state = self.describe(aws).get("LifeCycleState")
        if state == "error":
            raise AwsprovError(
                f"EFS could not create {self.name}: its state is error.",
                why=f"EFS gives no reason for {self.id}.",
                remedy=f"`awsprov up --replace {self.name}` creates it again.",
            )
        return state == "available"

    def wait_until_deleted(self, aws: Aws) -> None:
        """Return when it no longer exists."""
        aws.wait_until(lambda: not self.describe(aws), self.timeout, f"{self.name} to be deleted")
