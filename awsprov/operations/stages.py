"""The stacks that exist in a region, by their tags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from awsprov.aws.client import LIKE, Aws

_STACK = "awsprov:stack"


@dataclass(frozen=True)
class TaggedStack:
    """A stack, as the tags of its security groups and its file system name it.

    Arguments:
        name: the stack's name.
        like: the stage of config.yaml that its stage is like; empty for one of config.yaml's own.
        created: when its file system was created; None if it has none.
    """

    name: str
    like: str
    created: datetime | None


def tagged_like(aws: Aws) -> str:
    """Return the stage that the stage of `aws.stack` is like, by the tags of its security groups; or nothing."""
    filters: Any = [{"Name": f"tag:{_STACK}", "Values": [aws.stack]}]
    groups = aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return next((tags[LIKE] for group in groups if LIKE in (tags := _by_key(group.get("Tags")))), "")


def tagged_stacks(aws: Aws) -> list[TaggedStack]:
    """Return the stacks of the region by name: two calls, each with pages.

    Every stack has a security group, and after `down --keep-data` still a file system.
    """
    filters: Any = [{"Name": "tag-key", "Values": [_STACK]}]
    found: dict[str, TaggedStack] = {}
    for page in aws.ec2.get_paginator("describe_security_groups").paginate(Filters=filters):
        for group in page["SecurityGroups"]:
            tags = _by_key(group.get("Tags"))
            found[tags[_STACK]] = TaggedStack(tags[_STACK], tags.get(LIKE, ""), None)
    for systems in aws.efs.get_paginator("describe_file_systems").paginate():
        for system in systems["FileSystems"]:
            tags = _by_key(system["Tags"])
            if name := tags.get(_STACK):
                found[name] = TaggedStack(name, tags.get(LIKE, ""), system["CreationTime"])
    return [found[name] for name in sorted(found)]


def _by_key(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}
