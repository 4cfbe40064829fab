"""What IAM's resources have in common: the path `/awsprov/<stack>/`, which their listings are filtered by.

IAM's listings carry no tags, so the path is what the stack's own are found by; the tags are written all the same.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Owned, Resource

MISSING = ("NoSuchEntity",)


@dataclass(eq=False, repr=False)
class IamResource(Resource):
    """A resource of IAM.

    Attributes:
        listing: the client's paginator that lists its kind under a path.
        members: the member of that answer which holds the descriptions.
        label: the member of a description which holds the name.
        key: the member which serves as id.
    """

    area = "identity"
    already_exists_codes = ("EntityAlreadyExists",)
    listing: ClassVar[str]
    members: ClassVar[str]
    label: ClassVar[str]
    key: ClassVar[str]

    @classmethod
    def listed(cls, aws: Aws) -> list[dict[str, Any]]:
        """All under the stack's path."""
        scope: dict[str, str] = {"Scope": "Local"} if cls.listing == "list_policies" else {}
        pages = aws.iam.get_paginator(cls.listing).paginate  # type: ignore[call-overload]
        where = {"PathPrefix": path(aws), **scope}
        found = aws.cached(cls.listing, lambda: [item for page in pages(**where) for item in page[cls.members]])
        return [item for item in found if item["Path"] == path(aws)]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        owned: Owned = defaultdict(list)
        for item in cls.listed(aws):
            owned[item[cls.label].removeprefix(f"{aws.stack}-")].append(item[cls.key])
        return dict(owned)

    def seen(self, aws: Aws) -> dict[str, Any]:
        """Its description from the listing; empty when it is not in there."""
        return next((item for item in self.listed(aws) if item[self.key] == self.id), {})


def path(aws: Aws) -> str:
    """The IAM path of the stack."""
    return f"/awsprov/{aws.stack}/"
