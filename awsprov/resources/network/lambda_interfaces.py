"""The network interfaces that Lambda leaves behind: told apart, and taken away once they are free.

They outlive their function by minutes (5 to 20 usually; 35 in the slowest hundredth, says AWS), and hold subnets and
security groups. Once its status is `available` anybody may delete one, which saves the wait for Lambda's own reaper.
A published version holds the subnets that its function had then, for as long as it exists.
"""

from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.missing_ok import IN_USE, delete

LETS_GO_WITHIN = 2700.0  # seconds; terraform-provider-aws allows as many
_PREFIX = "AWS Lambda VPC ENI"  # the type changes when one is detached; the description is what stays


def of_lambda(aws: Aws, where: str, value: str) -> list[Any]:
    """The interfaces that Lambda made, among those that match a filter of DescribeNetworkInterfaces."""
    filters: Any = [{"Name": where, "Values": [value]}]
    found = aws.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return [interface for interface in found if interface.get("Description", "").startswith(_PREFIX)]


def reap(aws: Aws, where: str, value: str) -> int:
    """Take away the free ones among those that match a filter; returns how many there were, free or not.

    Arguments:
        where: a filter of DescribeNetworkInterfaces, as in `group-id` or `subnet-id`.
        value: what it must match.
    """
    left_behind = of_lambda(aws, where, value)
    for interface in left_behind:
        if interface["Status"] == "available":
            drop = partial(aws.ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
            delete(aws, drop, missing=["InvalidNetworkInterfaceID.NotFound"], in_use=IN_USE)
    return len(left_behind)


def leave(aws: Aws, subnet: str) -> None:
    """Have nothing of this stack in a subnet that is going: the interfaces, and the old versions that hold them.

    Versions in a subnet that is no more could not run; the live one lies elsewhere by now.
    """
    pages = aws.lambda_.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    for version in [v for page in pages for v in page["Functions"] if v["Version"] != "$LATEST"]:
        name, number = version["FunctionName"], version["Version"]
        if subnet in version.get("VpcConfig", {}).get("SubnetIds", []) and _ours(aws, version["FunctionArn"]):
            drop = partial(aws.lambda_.delete_function, FunctionName=name, Qualifier=number)
            delete(aws, drop, missing=["ResourceNotFoundException"])
    reap(aws, "subnet-id", subnet)


def _ours(aws: Aws, version: str) -> bool:
    return bool(aws.tagged_name(aws.lambda_.list_tags(Resource=version.rpartition(":")[0])["Tags"]))
