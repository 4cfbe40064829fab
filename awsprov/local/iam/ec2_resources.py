"""The resources of a call of EC2: those whose ids it contains, and those that it creates."""

from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.actions import resource_types
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall

_TYPE_BY_PREFIX = {
    "vpc": "vpc", "subnet": "subnet", "igw": "internet-gateway", "rtb": "route-table", "sg": "security-group",
    "nat": "natgateway", "eipalloc": "elastic-ip", "i": "instance", "vol": "volume", "eni": "network-interface",
    "acl": "network-acl", "vpce": "vpc-endpoint", "eice": "instance-connect-endpoint",
}  # fmt: skip
_CREATED_TYPES = {"RunInstances": ("instance", "volume", "network-interface")}


def resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return each resource of a type that the action supports, or `*` if there is none."""
    supported = resource_types(f"ec2:{call.operation}")
    found = [resource for resource in (*_existing(call), *_created(call)) if resource.type in supported]
    yield from found or [ANY_RESOURCE]


def tunnel_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the EC2 Instance Connect endpoint of a tunnel, with the condition keys of the tunnel.

    Source: EC2 user guide, "Permissions to use EC2 Instance Connect Endpoint to connect to instances".
    """
    id_ = str(call.params.get("instanceConnectEndpointId"))
    tags = dict(ec2_backends[ACCOUNT][call.region].tags.get(id_, {}))
    keys = ("remotePort", "privateIpAddress", "maxTunnelDuration")
    context = {f"{call.service}:{key}": call.params[key] for key in keys if key in call.params}
    arn = arn_of(call, "ec2", f"instance-connect-endpoint/{id_}")
    yield ResourceRef("instance-connect-endpoint", arn, tags, context=context)


def _existing(call: ApiCall) -> Iterator[ResourceRef]:
    ec2 = ec2_backends[ACCOUNT][call.region]
    for text in dict.fromkeys([*_texts(call.params), *_association(ec2, call)]):
        prefix, dash, _ = text.partition("-")
        if dash and prefix in _TYPE_BY_PREFIX:
            resource_type = _TYPE_BY_PREFIX[prefix]
            arn = arn_of(call, "ec2", f"{resource_type}/{text}")
            yield ResourceRef(resource_type, arn, dict(ec2.tags.get(text, {})))
        if dash and prefix == "ami":
            yield _image(ec2, call.region, text)
        if dash and prefix == "key":
            names = [name for name, pair in ec2.key_pairs.items() if pair.id == text]
            yield from (_key_pair(ec2, call, name) for name in names)
    if (name := call.params.get("KeyName")) and call.operation != "ImportKeyPair":
        yield _key_pair(ec2, call, name)


def _key_pair(ec2: Any, call: ApiCall, name: str) -> ResourceRef:
    """Return a key pair; its ARN has its name, and calls about tags its id."""
    pair = ec2.key_pairs.get(name)
    tags = dict(ec2.tags.get(pair.id, {})) if pair else {}
    return ResourceRef("key-pair", arn_of(call, "ec2", f"key-pair/{name}"), tags)


def _image(ec2: Any, region: str, image_id: str) -> ResourceRef:
    """Images belong to no account in their ARN; policies refer to their owner by a condition key."""
    owner = next((image.owner_alias or image.owner_id for image in ec2.amis.values() if image.id == image_id), "")
    return ResourceRef("image", f"arn:aws:ec2:{region}::image/{image_id}", context={"ec2:Owner": str(owner)})


def _association(ec2: Any, call: ApiCall) -> list[str]:
    """Return the ids of the route table and the subnet of an association, or of the subnet of a network ACL's."""
    association = call.params.get("AssociationId", "")
    tables = [table for table in ec2.route_tables.values() if association and association in table._associations]
    acls = [acl for acl in ec2.network_acls.values() if association in acl._associations]
    subnets = [acl._associations[association].subnet_id for acl in acls]
    return subnets + [text for table in tables for text in (table.id, table._associations[association])]


def _created(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the resources that the call creates, with the tags that it sets on each type."""
    specifications = call.params.get("TagSpecifications") or ()
    tags = {each["ResourceType"]: tags_as_dict(each.get("Tags")) for each in specifications}
    for resource_type in dict.fromkeys([*tags, *_CREATED_TYPES.get(call.operation, _created_type(call.operation))]):
        arn = arn_of(call, "ec2", f"{resource_type}/*")
        yield ResourceRef(resource_type, arn, request_tags=tags.get(resource_type, {}))


def _created_type(operation: str) -> tuple[str, ...]:
    """Return `route-table` for `CreateRouteTable`, and nothing for an operation that creates nothing."""
    if not operation.startswith("Create"):
        return ()
    name = operation.removeprefix("Create")
    dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
    return (dashed.replace("nat-gateway", "natgateway"),)


def _texts(value: Any) -> Iterator[str]:
    """Return all strings in the parameters, except in filters, tags, and rules, whose peers are not changed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("Filters", "Filter", "TagSpecifications", "Tags", "IpPermissions"):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
