"""Deletion of the network interfaces that Lambda leaves in a VPC after a function was deleted.

They exist some minutes longer than their function (5 to 20 as a rule, 35 in the slowest hundredth, says AWS), and until
then subnets and security groups cannot be deleted. One whose status is `available` may be deleted by anyone, which is
faster than to wait for Lambda. A published version keeps the subnets that its function had then, as long as it exists.
"""

from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.resources.missing_ok import IN_USE, LAMBDA_MISSING, delete

RELEASED_WITHIN = 2700.0  # seconds; terraform-provider-aws allows as many
_DESCRIPTION = "AWS Lambda VPC ENI"  # how the descriptions begin; the interface type changes when one is detached


def lambda_interfaces(aws: Aws, filter_name: str, value: str) -> list[Any]:
    """Return the descriptions of Lambda's network interfaces that match a filter.

    Arguments:
        aws: the clients.
        filter_name: a filter of DescribeNetworkInterfaces, `group-id` or `subnet-id`.
        value: the value that must match.
    """
    filters: Any = [{"Name": filter_name, "Values": [value]}]
    found = aws.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    return [interface for interface in found if interface.get("Description", "").startswith(_DESCRIPTION)]


def delete_free_interfaces(aws: Aws, filter_name: str, value: str) -> int:
    """Delete those of Lambda's network interfaces that are no longer in use.

    Arguments:
        aws: the clients.
        filter_name: a filter of DescribeNetworkInterfaces, `group-id` or `subnet-id`.
        value: the value that must match.

    Returns:
        How many there were, in use or not.
    """
    interfaces = lambda_interfaces(aws, filter_name, value)
    for interface in interfaces:
        if interface["Status"] == "available":
            call = partial(aws.ec2.delete_network_interface, NetworkInterfaceId=interface["NetworkInterfaceId"])
            delete(aws, call, missing=["InvalidNetworkInterfaceID.NotFound"], in_use=IN_USE)
    return len(interfaces)


def vacate_subnet(aws: Aws, subnet: str) -> None:
    """Delete what Lambda has in a subnet that is to be deleted: free interfaces, and the old versions that use it.

    Such a version could not run without the subnet, and the live one uses another subnet by then. However often this is
    called until the subnet is free, versions are listed once: those of a whole account are many, and calls of Lambda
    are limited.
    """
    if delete_free_interfaces(aws, "subnet-id", subnet):
        aws.cached(f"deleted versions in {subnet}", lambda: _delete_versions(aws, subnet))


def _delete_versions(aws: Aws, subnet: str) -> None:
    pages = aws.lambda_.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    for version in [v for page in pages for v in page["Functions"] if v["Version"] != "$LATEST"]:
        if subnet in version.get("VpcConfig", {}).get("SubnetIds", []) and _is_owned(aws, version["FunctionArn"]):
            name, number = version["FunctionName"], version["Version"]
            call = partial(aws.lambda_.delete_function, FunctionName=name, Qualifier=number)
            delete(aws, call, missing=LAMBDA_MISSING)


def _is_owned(aws: Aws, version_arn: str) -> bool:
    function_arn = version_arn.rpartition(":")[0]
    return bool(aws.tagged_name(aws.lambda_.list_tags(Resource=function_arn)["Tags"]))
