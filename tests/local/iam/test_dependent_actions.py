"""Actions that AWS names as dependent on those that awsprov needs: the local cloud requires them, too."""

from typing import Any

import boto3
import pytest
from moto import mock_aws
from policy_sentry.querying.actions import get_action_data

from awsprov.iam.permissions import PERMISSIONS
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.wire import ApiCall

TRUST = '{"Version": "2012-10-17", "Statement": []}'
ROLE = "arn:aws:iam::123456789012:role/r"
TAGS = [{"Key": "team", "Value": "a"}]
TAGGED = {  # operations of EC2 that create something with tags, and the type of what they create
    "AllocateAddress": "elastic-ip", "AuthorizeSecurityGroupEgress": "security-group-rule",
    "AuthorizeSecurityGroupIngress": "security-group-rule", "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway", "CreateNetworkAcl": "network-acl", "CreateNetworkInterface": "network-interface",
    "CreateRouteTable": "route-table", "CreateSecurityGroup": "security-group", "CreateSubnet": "subnet",
    "CreateVpc": "vpc", "CreateVpcEndpoint": "vpc-endpoint", "ImportKeyPair": "key-pair", "RunInstances": "instance",
}  # fmt: skip
PARAMETERS: dict[str, dict[str, Any]] = {
    "ec2:RunInstances": {"IamInstanceProfile": {"Name": "p"}, "ImageId": "ami-1"},
    "elasticfilesystem:CreateAccessPoint": {"FileSystemId": "fs-1", "Tags": TAGS},
    "elasticfilesystem:CreateFileSystem": {"Tags": TAGS},
    "iam:AddRoleToInstanceProfile": {"RoleName": "r", "InstanceProfileName": "p"},
    "lambda:CreateFunction": {"FunctionName": "f", "Role": ROLE},
}
_GROUP = "AWS documents no condition, and awsprov sends no tags: a rule is created without"
_GATEWAY = "for interface endpoints; awsprov creates gateway endpoints"
_QUOTA = "for quotas of this service, which awsprov does not read"
NOT_NEEDED = {
    ("ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags"): _GROUP,
    ("ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags"): _GROUP,
    ("ec2:CreateVpcEndpoint", "ec2:DescribeSecurityGroups"): _GATEWAY,
    ("ec2:CreateVpcEndpoint", "ec2:DescribeSubnets"): _GATEWAY,
    ("ec2:CreateVpcEndpoint", "ec2:DescribeVpcs"): _GATEWAY,
    ("ec2:CreateVpcEndpoint", "route53:AssociateVPCWithHostedZone"): _GATEWAY,
    ("ec2:RunInstances", "ssm:GetParameters"): "for images that are named by a parameter; awsprov names them by id",
    ("lambda:CreateFunction", "lambda:PassCapacityProvider"): "for functions on managed instances",
    **{
        ("servicequotas:GetServiceQuota", action): _QUOTA
        for action in (
            "autoscaling:DescribeAccountLimits", "cloudformation:DescribeAccountLimits", "dynamodb:DescribeLimits",
            "elasticloadbalancing:DescribeAccountLimits", "iam:GetAccountSummary", "kinesis:DescribeLimits",
            "rds:DescribeAccountAttributes", "route53:GetAccountLimit",
        )
    },
}  # fmt: skip
SERVICES = {"elasticfilesystem": "efs"}


def documented() -> set[tuple[str, str]]:
    """Each action in awsprov's table that has dependent actions in AWS's reference, with each of these."""
    actions = {f"{grant.service}:{name}" for grant in PERMISSIONS for name in grant.actions.split()}
    return {(action, each) for action in actions for row in _rows(action) for each in row["dependent_actions"]}


def _rows(action: str) -> list[Any]:
    service, name = action.split(":")
    return list((get_action_data(service, name) or {}).get(service, []))


def test_a_newer_reference_names_no_other_action_as_unneeded() -> None:
    assert set(NOT_NEEDED) <= documented()


@pytest.mark.parametrize("action", sorted({action for action, _ in documented()}))
def test_the_local_cloud_requires_dependent_actions(action: str) -> None:
    """A newer reference that names others fails here: the local cloud has to require them, or NOT_NEEDED to say why."""
    dependent = {each for whose, each in documented() if whose == action}
    assert dependent - {each for whose, each in NOT_NEEDED if whose == action} <= required(action)


def required(action: str) -> set[str]:
    """Return the actions that the local cloud requires for a call with all that has dependent actions."""
    service, operation = action.split(":")
    params = {**PARAMETERS.get(action, {})}
    if service == "ec2":
        params["TagSpecifications"] = [{"ResourceType": TAGGED[operation], "Tags": TAGS}]
    with mock_aws():
        iam = boto3.client("iam", region_name="us-east-1")
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        iam.create_instance_profile(InstanceProfileName="p")
        iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
        call = ApiCall(SERVICES.get(service, service), operation, "us-east-1", params)
        return {request.action for request in authorization_requests(call, {})}
