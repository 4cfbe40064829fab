"""What EC2's resources have in common: tags set by the creating call, and one listing by tag for each kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.engine.resource import Owned, Resource, by_name

SEEN_WITHIN = 60.0  # seconds until EC2 must show what it has just made


@dataclass(eq=False, repr=False)
class Ec2Resource(Resource):
    """A resource of EC2.

    Attributes:
        kind: its name in TagSpecifications.
        describe: the client's method that lists it.
        listing: the member of that answer which holds the descriptions.
        key: the member of a description which holds the id.
        filters: the parameter that takes filters.
        dead: states in which EC2 still lists what is gone, or will never be.
    """

    area = "network"
    kind: ClassVar[str]
    describe: ClassVar[str]
    listing: ClassVar[str]
    key: ClassVar[str]
    filters: ClassVar[str] = "Filters"
    dead: ClassVar[frozenset[str]] = frozenset({"deleted", "deleting", "failed", "shutting-down", "terminated"})

    @classmethod
    def described(cls, aws: Aws, *filters: tuple[str, str]) -> list[dict[str, Any]]:
        """The descriptions that match all filters, of whatever state."""
        wanted = {cls.filters: [{"Name": name, "Values": [value]} for name, value in filters]}
        if aws.ec2.can_paginate(cls.describe):
            pages: Iterator[Any] = iter(aws.ec2.get_paginator(cls.describe).paginate(**wanted))  # type: ignore[call-overload]
        else:
            pages = iter([getattr(aws.ec2, cls.describe)(**wanted)])
        return [item for page in pages for item in cls.unfold(page)]

    @classmethod
    def unfold(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        """The descriptions of one page."""
        items: list[dict[str, Any]] = page[cls.listing]
        return items

    @classmethod
    def lives(cls, description: dict[str, Any]) -> bool:
        """Whether it exists, now and in a minute."""
        state = description.get("State", "")
        return (state["Name"] if isinstance(state, dict) else state) not in cls.dead

    @classmethod
    def listed(cls, aws: Aws) -> list[dict[str, Any]]:
        """The living ones of this stack; the filter's word is checked on the answer."""
        found = aws.cached(cls.__name__, lambda: cls.described(aws, ("tag:awsprov:stack", aws.stack)))
        return [d for d in found if cls.lives(d) and aws.tagged_name(d.get("Tags"))]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        """The living ones by the name in their tags."""
        return by_name(aws, ((description["Tags"], description[cls.key]) for description in cls.listed(aws)))

    def tagged(self, aws: Aws) -> list[Any]:
        """The creating call's TagSpecifications."""
        return [{"ResourceType": self.kind, "Tags": aws.tag_list(self.name)}]

    def now(self, aws: Aws) -> dict[str, Any]:
        """Its description, asked for by its id; empty when EC2 does not know it."""
        try:
            found = self.unfold(getattr(aws.ec2, self.describe)(**{f"{self.key}s": [self.id]}))
        except ClientError as error:
            if "NotFound" in error_code(error):
                return {}
            raise
        return next(iter(found), {})

    def seen(self, aws: Aws) -> dict[str, Any]:
        """Its description: from the listing, else asked for until EC2 shows what it has just made."""
        listed = next((d for d in self.listed(aws) if d[self.key] == self.id), None)
        return listed or aws.wait_until(lambda: self.now(aws), SEEN_WITHIN, f"{self.name} to show")

    def until(self, aws: Aws, state: str, within: float) -> None:
        """Return when its state is this one."""
        if self.seen(aws).get("State") != state:
            aws.wait_until(
                lambda: self.now(aws).get("State") == state,
                within,
                f"{self.name} to be {state}",
            )
