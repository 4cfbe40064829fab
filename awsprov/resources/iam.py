"""IamResource: the base class of IAM's resources, which are listed by their path, `/awsprov/<stack>/`.

`roles.path` in config.yaml is before that. A path cannot be changed (IAM API reference, UpdateRole): one that does not
begin with it is replaced.

IAM's listings contain no tags: those of what is listed under the path are read one by one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar

from awsprov.aws.client import Aws
from awsprov.resources.described import DescribedResource, tag_pairs
from awsprov.resources.missing_ok import IAM_MISSING, none_if_missing

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class IamResource(DescribedResource):
    """A resource of IAM, under the stack's path.

    Attributes:
        list_method: the method of the client that lists resources of the type under a path.
        result_key: the member of the response that holds the descriptions.
        get_method: the method of the client that returns one description, with tags.
        tag_method: the method of the client that sets tags of one.
        untag_method: the method of the client that removes tags of one.
        get_parameter: the parameter of these methods that takes the id.
    """

    area = "identity"
    immutable = frozenset({"path"})
    already_exists_codes = ("EntityAlreadyExists",)
    list_method: ClassVar[str]
    result_key: ClassVar[str]
    get_method: ClassVar[str]
    get_parameter: ClassVar[str]
    tag_method: ClassVar[str]
    untag_method: ClassVar[str]

    @classmethod
    def list_owned(cls, aws: Aws) -> list[dict[str, Any]]:
        """Return the descriptions, with tags, of the stack's resources of the type."""
        scope: dict[str, str] = {"Scope": "Local"} if cls.list_method == "list_policies" else {}
        iam: Any = aws.iam  # its stubs ask for a literal name
        pages = iam.get_paginator(cls.list_method).paginate
        where = {"PathPrefix": path(aws), **scope}
        found = aws.cached(cls.list_method, lambda: [item for page in pages(**where) for item in page[cls.result_key]])
        ids = [item[cls.id_key] for item in found if item["Path"] == path(aws)]
        described = [cls.get_cached(aws, id_) for id_ in ids]
        return [description for description in described if aws.tagged_name(description.get("Tags"))]

    @classmethod
    def get(cls, aws: Aws, id_: str) -> dict[str, Any]:
        """Return the description, with tags, of the resource of the type with this id; empty if it does not exist."""
        call = partial(getattr(aws.iam, cls.get_method), **{cls.get_parameter: id_})
        response = none_if_missing(call, missing=IAM_MISSING)
        return dict(response[cls.get_method.title().replace("_", "").removeprefix("Get")]) if response else {}

    @classmethod
    def get_cached(cls, aws: Aws, id_: str) -> dict[str, Any]:
        """Return the description, as `get` does, from the cache."""
        return aws.cached(f"{cls.get_method} {id_}", partial(cls.get, aws, id_))

    def find(self, aws: Aws) -> str:
        """Return its id; also the recorded one of a resource in another path, as `roles.path` was changed."""
        elsewhere = self.recorded_elsewhere(aws)  # before the listing: a prefetch makes both calls at the same time
        return super().find(aws) or elsewhere

    def recorded_elsewhere(self, aws: Aws) -> str:
        """Return the recorded id if it is that of a resource of the stack in another path; empty otherwise."""
        found = self.get_cached(aws, self.id) if self.id else {}
        return self.id if aws.tagged_name(found.get("Tags")) == self.name and found["Path"] != path(aws) else ""

    def describe(self, aws: Aws) -> dict[str, Any]:
        return self.get(aws, self.id)

    def tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        getattr(aws.iam, self.tag_method)(**{self.get_parameter: self.id}, Tags=tag_pairs(tags))

    def untag(self, aws: Aws, keys: list[str]) -> None:
        getattr(aws.iam, self.untag_method)(**{self.get_parameter: self.id}, TagKeys=keys)


def path(aws: Aws) -> str:
    """Return the IAM path of the stack's resources."""
    return f"{aws.role_path}awsprov/{aws.stack}/"


def wait_until_visible(aws: Aws, call: Callable[[], T]) -> T:
    """Return the response of a call that reads what was just created: IAM may not know it yet.

    Source: IAM user guide, "Changes that I make are not always immediately visible".
    """
    ask = partial(none_if_missing, call, missing=IAM_MISSING)
    return ask() or aws.wait_until(ask, 60, "IAM to know what was created")
