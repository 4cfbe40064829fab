"""Ownership: whether what AWS has under an id belongs to this stack, by what AWS returns at that moment.

An id in the state proves nothing: the file can be edited, and a name can be used again by somebody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Resource, Tags, stub
from awsprov.errors import RefusedError

Owner = Literal["stack", "other", "missing"]  # other: it exists, and is not the stack's


@dataclass(frozen=True)
class PartOf:
    """How a kind that AWS cannot tag is owned: it is a part of a resource that can be tagged.

    Arguments:
        kind: the kind of the resource that it is a part of.
        reason: why it has no tags.
    """

    kind: type[Resource]
    reason: str


Untaggable = Mapping[type[Resource], PartOf]


def owner(r: Resource, aws: Aws, untaggable: Untaggable) -> Owner:
    """Return who owns what AWS has under a resource's id.

    A resource is the stack's by its tags: `awsprov:stack` is the stack, `awsprov:name` the resource's name. A part is
    the stack's if what it is a part of has the tag `awsprov:stack`.

    Arguments:
        r: the resource; only its id and name are used.
        aws: the clients. Tags are read again; those of a parent once for all its parts, until `clear_cache`.
        untaggable: the kinds that AWS cannot tag.
    """
    part = untaggable.get(type(r))
    if part is None:
        return _by_tags(aws, r.fetch_tags(aws), r.name)
    parent = stub(part.kind, "", r.parent_id(aws))
    if not parent.id:
        return "missing"
    return _by_tags(aws, aws.cached(f"tags of {parent!r}", lambda: parent.fetch_tags(aws)))


def _by_tags(aws: Aws, tags: Tags | None, name: str = "") -> Owner:
    if tags is None:
        return "missing"
    found = aws.tagged_name(tags)
    return "stack" if found and name in ("", found) else "other"


def not_owned(r: Resource, aws: Aws) -> str:
    """Return the sentence that a resource is left alone, because it is not the stack's."""
    return f"no longer this stack's: it does not have the tags of {r.name} in {aws.stack}; it was left alone"


def not_owned_error(r: Resource, aws: Aws) -> RefusedError:
    """Return the error that a resource would have been changed, or used for a change, that is not the stack's."""
    return RefusedError(
        f"{r.name} ({r.id}) is no longer this stack's. It was left alone.",
        why=f"It does not have the tags awsprov:stack={aws.stack} and awsprov:name={r.name}.",
        remedy="Run `awsprov up`: it finds the stack's own resources by their tags, and creates what is missing.",
    )
