"""What EFS's resources have in common: listings without filters, states without waiters."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource
from awsprov.resources.missing_ok import none_if_missing

_GOING = ("deleting", "deleted")


@dataclass(eq=False, repr=False)
class EfsResource(Resource):
    """A resource of EFS. EFS has no waiters, and no filters in its listings: all are listed, and the tags looked at.

    Attributes:
        describe: the client's method that lists it.
        listing: the member of that answer which holds the descriptions.
        key: the member of a description, and the parameter, which holds the id.
        unknown: the error code for an id that does not exist (any more).
        budget: seconds that it may take to become available, or to go.
    """

    area = "storage"
    describe: ClassVar[str]
    listing: ClassVar[str]
    key: ClassVar[str]
    unknown: ClassVar[str]
    budget: ClassVar[float] = 600

    @classmethod
    def described(cls, aws: Aws, **which: str) -> list[dict[str, Any]]:
        """The descriptions of all, or of those on one file system, but for those that are going."""
        pages: Any = aws.efs.get_paginator(cls.describe).paginate(**which)  # type: ignore[call-overload]
        return [item for page in pages for item in page[cls.listing] if item["LifeCycleState"] not in _GOING]

    @classmethod
    def listed(cls, aws: Aws) -> list[dict[str, Any]]:
        """The living ones of this stack."""
        return [item for item in aws.cached(cls.__name__, lambda: cls.described(aws)) if aws.tagged_name(item["Tags"])]

    def now(self, aws: Aws) -> dict[str, Any]:
        """Its description, asked for by its id; empty when EFS does not know it."""
        ask = partial(getattr(aws.efs, self.describe), **{self.key: self.id})
        answer = none_if_missing(ask, missing=[self.unknown])
        return next(iter(answer[self.listing]), {}) if answer else {}

    def seen(self, aws: Aws) -> dict[str, Any]:
        """Its description, from the listing where it is there."""
        listed = next((item for item in self.listed(aws) if item[self.key] == self.id), None)
        return listed or aws.wait_until(lambda: self.now(aws), 60, f"{self.name} to show")

    def wait(self, aws: Aws) -> None:
        if self.seen(aws)["LifeCycleState"] != "available":
            aws.wait_until(
                lambda: self.now(aws).get("LifeCycleState") == "available",
                self.budget,
                f"{self.name} to be available",
            )

    def until_gone(self, aws: Aws) -> None:
        """Return when EFS does not know it any more."""
        aws.wait_until(lambda: not self.now(aws), self.budget, f"{self.name} to be deleted")
