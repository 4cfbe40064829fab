"""What is in the stack's VPC and is not the stack's, and so blocks its deletion.

GuardDuty creates an endpoint and a security group in VPCs with instances, and does not delete them with the VPC
(hashicorp/terraform-provider-aws issue 46747). They have the tag `GuardDutyManaged: true`, and are deleted with the
stack's VPC. Anything else is named at once: to wait for it would be useless.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.errors import RefusedError
from awsprov.resources.missing_ok import IN_USE, delete, none_if_missing

_TAG = "GuardDutyManaged"
# How the descriptions of the interfaces begin that AWS deletes with a NAT gateway, a mount target or a function.
_RELEASED = ("Interface for NAT Gateway", "EFS mount target", "AWS Lambda VPC ENI")
_ENDPOINT = "VPC Endpoint Interface "  # the endpoint's id follows


def check_interfaces(aws: Aws, filter_name: str, value: str) -> None:
    """Delete GuardDuty's endpoints in a subnet or security group of the stack, and refuse what else has to be deleted.

    Arguments:
        aws: the clients.
        filter_name: a filter of DescribeNetworkInterfaces, `group-id` or `subnet-id`.
        value: the value that must match.

    Raises:
        RefusedError: a network interface is not the stack's.
    """
    filters: Any = [{"Name": filter_name, "Values": [value]}]
    foreign = []
    for interface in aws.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]:
        description = interface.get("Description", "")
        endpoint = description.removeprefix(_ENDPOINT) if description.startswith(_ENDPOINT) else ""
        if endpoint and _delete_managed_endpoints(aws, interface["VpcId"], endpoint) == []:
            continue
        if not (description.startswith(_RELEASED) or _is_owned(aws, interface)):
            foreign.append(_described(interface, interface["NetworkInterfaceId"]))
    _refuse(foreign, value)


def check_vpc(aws: Aws, vpc: str) -> None:
    """Delete GuardDuty's endpoints and security groups in the stack's VPC, and refuse what else has to be deleted.

    Raises:
        RefusedError: an endpoint, a security group or a subnet in it is not the stack's.
    """
    filters: Any = [{"Name": "vpc-id", "Values": [vpc]}]
    foreign = _delete_managed_endpoints(aws, vpc)
    for group in aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]:
        if _is_managed(group):
            _delete_group(aws, group["GroupId"])
        elif group["GroupName"] != "default" and not aws.tagged_name(group.get("Tags")):
            foreign.append(_described(group, group["GroupId"]))
    for subnet in aws.ec2.describe_subnets(Filters=filters)["Subnets"]:
        if not aws.tagged_name(subnet.get("Tags")):
            foreign.append(_described(subnet, subnet["SubnetId"]))
    _refuse(foreign, vpc)


def _delete_managed_endpoints(aws: Aws, vpc: str, only: str = "") -> list[str]:
    """Delete GuardDuty's endpoints in a VPC, or the one with an id; return descriptions of the others."""
    filters: Any = [{"Name": "vpc-id", "Values": [vpc]}]
    listed: Any = aws.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    found = [endpoint for endpoint in listed if only in ("", endpoint["VpcEndpointId"])]
    managed = [endpoint for endpoint in found if _is_managed(endpoint)]
    existing = [e["VpcEndpointId"] for e in managed if e.get("State", "").lower() not in ("deleting", "deleted")]
    if existing:
        aws.ec2.delete_vpc_endpoints(VpcEndpointIds=existing)
    others = [e for e in found if e not in managed and not aws.tagged_name(e.get("Tags"))]
    return [_described(endpoint, endpoint["VpcEndpointId"]) for endpoint in others]


def _delete_group(aws: Aws, group: str) -> None:
    """Delete a security group, unless an endpoint that is being deleted still uses it."""
    try:
        delete(aws, partial(aws.ec2.delete_security_group, GroupId=group), missing=["InvalidGroup.NotFound"])
    except ClientError as error:
        if error_code(error) not in IN_USE:
            raise


def _is_owned(aws: Aws, interface: Any) -> bool:
    """Return whether a network interface is the stack's, or of an instance of the stack that is being terminated."""
    if aws.tagged_name(interface.get("TagSet")):
        return True
    instance = interface.get("Attachment", {}).get("InstanceId")
    return bool(instance) and _is_owned_instance(aws, instance)


def _is_owned_instance(aws: Aws, instance: str) -> bool:
    """Return whether an instance is the stack's, or ends: EC2 removes the tags of what it terminated."""
    describe = partial(aws.ec2.describe_instances, InstanceIds=[instance])
    response: Any = none_if_missing(describe, missing=["InvalidInstanceID.NotFound"])
    found = [each for reservation in (response or {}).get("Reservations", []) for each in reservation["Instances"]]
    states = {each["State"]["Name"] for each in found}
    return states <= {"shutting-down", "terminated"} or any(aws.tagged_name(each.get("Tags")) for each in found)


def _is_managed(description: Any) -> bool:
    return {"Key": _TAG, "Value": "true"} in description.get("Tags", [])


def _described(description: Any, id_: str) -> str:
    """Return an id with the description, tags and account that show its owner."""
    tags = description.get("TagSet", description.get("Tags", []))
    facts = [
        description.get("Description") or description.get("GroupName") or description.get("ServiceName") or "",
        *(f"{tag['Key']}={tag['Value']}" for tag in tags),
        f"account {description['OwnerId']}" if description.get("OwnerId") else "",
    ]
    return f"{id_} ({', '.join(fact for fact in facts if fact) or 'no tags'})"


def _refuse(foreign: Iterable[str], where: str) -> None:
    if names := "; ".join(foreign):
        raise RefusedError(
            f"{where} cannot be deleted: it contains what is not the stack's.",
            why=names,
            remedy="Delete that, or have its owner delete it. Then run the same command again: it continues from here.",
        )
