"""IamResource: the base class of IAM's resources. They are found by their path, `/awsprov/<stack>/`.

IAM's listings contain no tags, so the path is what marks a resource as the stack's; it is tagged nevertheless.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, ClassVar

from awsprov.aws.client import Aws
from awsprov.engine.resource import Owned, Resource


@dataclass(eq=False, repr=False)
class IamResource(Resource):
    """A resource of IAM, under the stack's path.

    Attributes:
        list_method: the method of the client that lists resources of the type under a path.
        result_key: the member of the response that holds the descriptions.
        name_key: the member of a description that holds the name.
        id_key: the member of a description that serves as id.
    """

    area = "identity"
    already_exists_codes = ("EntityAlreadyExists",)
    list_method: ClassVar[str]
    result_key: ClassVar[str]
    name_key: ClassVar[str]
    id_key: ClassVar[str]

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions of the resources of the type under the stack's path."""
        scope: dict[str, str] = {"Scope": "Local"} if cls.list_method == "list_policies" else {}
        pages = aws.iam.get_paginator(cls.list_method).paginate  # type: ignore[call-overload]
        where = {"PathPrefix": path(aws), **scope}
        found = aws.cached(cls.list_method, lambda: [item for page in pages(**where) for item in page[cls.result_key]])
        return [item for item in found if item["Path"] == path(aws)]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        owned: Owned = defaultdict(list)
        for item in cls.list_owned(aws):
            owned[item[cls.name_key].removeprefix(aws.physical_name(""))].append(item[cls.id_key])
        return dict(owned)

    def describe_cached(self, aws: Aws) -> dict[str, Any]:
        """Return its description from the cached listing; empty if IAM does not list it yet."""
        return next((item for item in self.list_owned(aws) if item[self.id_key] == self.id), {})


def path(aws: Aws) -> str:
    """Return the IAM path of the stack's resources."""
    return f"/awsprov/{aws.stack}/"
