"""One resource that a call touches: its ARN, the tags that it has, and those that it is to get."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall


@dataclass(frozen=True)
class ResourceRef:
    """One resource that a call touches.

    Arguments:
        kind: as in the ARN's end: `vpc`, `role`; `*` where IAM knows no resource.
        tags: what it carries.
        requested: what the call gives it.
        context: other condition keys.
    """

    kind: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)
    requested: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)

    def told(self, context: Mapping[str, str]) -> "ResourceRef":
        """The same with more of the context."""
        return replace(self, context={**self.context, **context})


def arn_of(call: ApiCall, service: str, resource: str) -> str:
    """Return the ARN of a resource in the region of the call."""
    return f"arn:aws:{service}:{call.region}:{ACCOUNT}:{resource}"


def tags_as_dict(tags: Any) -> dict[str, str]:
    """Return a list of `Key` and `Value` pairs as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}
