"""The resources that a call of EC2 touches: those whose ids it carries, and those that it makes."""

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import kinds
from awsprov.local.iam.resource_ref import ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall

_BY_PREFIX = {
    "vpc": "vpc", "subnet": "subnet", "igw": "internet-gateway", "rtb": "route-table", "sg": "security-group",
    "nat": "natgateway", "eipalloc": "elastic-ip", "i": "instance", "vol": "volume", "eni": "network-interface",
    "acl": "network-acl",
}  # fmt: skip
_IMPLIED = {"RunInstances": ("instance", "volume", "network-interface")}


def touched(call: ApiCall) -> Iterator[ResourceRef]:
    """Each resource of a kind that the action is judged on; `*` when there is none."""
    able = kinds(f"ec2:{call.operation}")
    found = [*_existing(call), *_made(call)]
    known = [thing for thing in found if thing.kind in able]
    yield from known or [ResourceRef("*", "*")]


def _existing(call: ApiCall) -> Iterator[ResourceRef]:
    ec2 = ec2_backends[ACCOUNT][call.region]
    for word in dict.fromkeys([*_words(call.params), *_associated(ec2, call)]):
        kind = _BY_PREFIX.get(word.partition("-")[0])
        if kind and "-" in word:
            yield ResourceRef(kind, arn_of(call, "ec2", f"{kind}/{word}"), dict(ec2.tags.get(word, {})))
        if word.startswith("ami-"):
            owner = next((image.owner_alias or image.owner_id for image in ec2.amis.values() if image.id == word), "")
            context = {"ec2:Owner": str(owner)}
            yield ResourceRef("image", f"arn:aws:ec2:{call.region}::image/{word}", context=context)
    if (name := call.params.get("KeyName")) and call.operation != "ImportKeyPair":
        pair = ec2.key_pairs.get(name)
        tags = dict(ec2.tags.get(pair.id, {})) if pair else {}
        yield ResourceRef("key-pair", arn_of(call, "ec2", f"key-pair/{name}"), tags)


def _associated(ec2: Any, call: ApiCall) -> list[str]:
    """The table and the subnet of an association."""
    wanted = call.params.get("AssociationId", "")
    tables = [table for table in ec2.route_tables.values() if wanted and wanted in table._associations]
    return [word for table in tables for word in (table.id, table._associations[wanted])]


def _made(call: ApiCall) -> Iterator[ResourceRef]:
    """What the call makes, with the tags that it gives to each kind."""
    given = {
        each["ResourceType"]: tags_as_dict(each.get("Tags")) for each in call.params.get("TagSpecifications") or ()
    }
    own = _dashed(call.operation)
    for kind in dict.fromkeys([*given, *_IMPLIED.get(call.operation, [own] if own else [])]):
        yield ResourceRef(kind, arn_of(call, "ec2", f"{kind}/*"), requested=given.get(kind, {}))


def _dashed(operation: str) -> str:
    """`CreateRouteTable` makes a route-table."""
    if not operation.startswith("Create"):
        return ""
    name = operation.removeprefix("Create")
    return {"NatGateway": "natgateway"}.get(name, "".join(f"-{c.lower()}" if c.isupper() else c for c in name)[1:])


def _words(value: Any) -> Iterator[str]:
    """All texts in the parameters, but for filters."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("Filters", "Filter", "TagSpecifications"):
                yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
