"""The resources that a call names, creates or changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall


@dataclass(frozen=True)
class ResourceRef:
    """A resource of a call, with what the conditions of policies can refer to.

    Arguments:
        type: the resource type, such as `vpc` or `role`; `*` for actions without resources.
        arn: the ARN, with `*` in place of the id of a resource that the call creates.
        tags: the tags that the resource has.
        request_tags: the tags that the call sets.
        context: other condition keys.
    """

    type: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)
    request_tags: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)

    def with_context(self, context: Mapping[str, str]) -> "ResourceRef":
        """Return a copy with more condition keys."""
        return replace(self, context={**self.context, **context})


ANY_RESOURCE = ResourceRef("*", "*")
ActionOnResource = tuple[str, ResourceRef]  # an IAM action, and the resource on which policies must allow it


def arn_of(call: ApiCall, service: str, resource: str) -> str:
    """Return the ARN of a resource in the region of the call."""
    return f"arn:aws:{service}:{call.region}:{ACCOUNT}:{resource}"


def tags_as_dict(tags: Any) -> dict[str, str]:
    """Return a list of tags, each with `Key` and `Value`, as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}
