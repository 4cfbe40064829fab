"""`--enforce-iam`: the evaluation of policies, the authorization requests of calls, and the users of the account."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from awsprov.local.iam.actions import action_of, has_condition_key, resource_types
from awsprov.local.iam.authorization_requests import authorization_requests
from awsprov.local.iam.evaluation import AuthorizationRequest, allows
from awsprov.local.wire import ApiCall
from tests.local.conftest import LocalCloud

ARN = "arn:aws:{}:us-east-1:123456789012"
VPC = AuthorizationRequest("ec2:DeleteVpc", "arn:aws:ec2:us-east-1:1:vpc/vpc-1", {"aws:ResourceTag/team": "a"})


def allow(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow("ec2:DeleteVpc")], True),
        ([allow("EC2:delete*")], True),
        ([allow(["ec2:CreateVpc", "ec2:DeleteSubnet"])], False),
        ([allow("ec2:*", "arn:aws:ec2:*:*:vpc/*")], True),
        ([allow("ec2:*", ["arn:aws:ec2:*:*:subnet/*", "arn:aws:ec2:us-east-1:1:vpc/vpc-?"])], True),
        ([allow("ec2:*", "arn:aws:ec2:us-east-1:1:vpc/vpc-[0-9]")], False),
        ([allow("*"), {**allow("ec2:DeleteVpc"), "Effect": "Deny"}], False),
        ([allow("*", Condition={"StringEquals": {"aws:ResourceTag/team": ["b", "a"]}})], True),
        ([allow("*", Condition={"StringEquals": {"aws:ResourceTag/team": "b"}})], False),
        ([allow("*", Condition={"StringEquals": {"aws:RequestTag/team": "a"}})], False),
        ([allow("*", Condition={"StringLike": {"aws:ResourceTag/team": "?"}})], True),
        ([allow("*", Condition={"NumericLessThan": {"aws:ResourceTag/team": "a"}})], False),
    ],
)
def test_a_deny_overrides_an_allow_and_the_default_is_deny(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert allows(statements, VPC) is allowed


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("efs", "CreateFileSystem", "elasticfilesystem:CreateFileSystem"),
        ("apigateway", "UpdateStage", "apigateway:PATCH"),
        ("apigatewayv2", "CreateApi", "apigateway:POST"),
        ("lambda", "Invoke", "lambda:InvokeFunction"),
    ],
)
def test_the_action_of_an_operation(service: str, operation: str, action: str) -> None:
    assert action_of(service, operation) == action


def test_the_resource_types_and_condition_keys_of_an_action() -> None:
    assert {"vpc", "subnet"} <= set(resource_types("ec2:CreateSubnet"))
    assert has_condition_key("ec2:CreateSubnet", "subnet", "aws:RequestTag/team")
    assert not has_condition_key("ec2:CreateSubnet", "subnet", "iam:PassedToService")


def test_a_create_call_needs_the_new_resource_the_existing_ones_and_the_tags() -> None:
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "team", "Value": "a"}]}]
    call = ApiCall("ec2", "CreateSubnet", "us-east-1", {"VpcId": "vpc-1", "TagSpecifications": tags})
    found = {
        (request.action, request.resource.rpartition(":")[2]): request.context
        for request in authorization_requests(call, {})
    }
    assert set(found) == {
        ("ec2:CreateSubnet", "vpc/vpc-1"), ("ec2:CreateSubnet", "subnet/*"), ("ec2:CreateTags", "subnet/*")
    }  # fmt: skip
    assert found["ec2:CreateTags", "subnet/*"]["ec2:CreateAction"] == "CreateSubnet"
    assert found["ec2:CreateSubnet", "subnet/*"]["aws:RequestTag/team"] == "a"


def test_a_role_for_a_service_needs_pass_role() -> None:
    role = "arn:aws:iam::123456789012:role/a/b"
    call = ApiCall("lambda", "CreateFunction", "us-east-1", {"FunctionName": "f", "Role": role})
    requests = authorization_requests(call, {})
    passed = next(request for request in requests if request.action == "iam:PassRole")
    assert (passed.resource, passed.context) == (role, {"iam:PassedToService": "lambda.amazonaws.com"})


@pytest.mark.parametrize(
    ("call", "resource"),
    [
        (ApiCall("logs", "CreateLogGroup", params={"logGroupName": "/a"}), f"{ARN.format('logs')}:log-group:/a"),
        (ApiCall("ssm", "GetParameter", params={"Name": "/aws/x"}), "arn:aws:ssm:us-east-1::parameter/aws/x"),
        (ApiCall("ssm", "GetParameter", params={"Name": "/my"}), "arn:aws:ssm:us-east-1:123456789012:parameter/my"),
        (ApiCall("iam", "ListRoles"), "*"),
        (ApiCall("ec2", "DescribeVpcs", params={"Filters": [{"Values": ["vpc-1"]}]}), "*"),
        (ApiCall("lambda", "Invoke", params={"FunctionName": "f", "Qualifier": "live"}),
         "arn:aws:lambda:us-east-1:123456789012:function:f:live"),
    ],
)  # fmt: skip
def test_the_resource_of_a_call(call: ApiCall, resource: str) -> None:
    assert {request.resource for request in authorization_requests(call, {})} == {resource}


@pytest.fixture(scope="module")
def cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    return start_cloud(enforce_iam=True)


def test_a_user_may_do_what_the_policy_allows_and_the_root_user_everything(cloud: LocalCloud) -> None:
    iam, own = cloud.client("iam"), {"StringEquals": {"aws:RequestTag/team": "a"}}
    statements = [allow("ec2:DescribeVpcs"), allow("ec2:CreateVpc", Condition=own), allow("ec2:CreateTags")]
    iam.create_user(UserName="ana")
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="ana", PolicyName="some", PolicyDocument=document)
    ana = user(cloud, iam.create_access_key(UserName="ana")["AccessKey"])
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "a"}]}]
    ana.describe_vpcs()
    ana.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tags)
    with pytest.raises(ClientError, match=r"UnauthorizedOperation.*ec2:CreateVpc on resource: arn:aws:ec2:.*:vpc/"):
        ana.create_vpc(CidrBlock="10.8.0.0/16")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ana.describe_subnets()
    cloud.client("ec2").describe_subnets()


def test_the_encoded_message_of_a_denial_can_be_decoded(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="eva")
    eva = user(cloud, iam.create_access_key(UserName="eva")["AccessKey"])
    with pytest.raises(ClientError) as refused:
        eva.create_vpc(CidrBlock="10.8.0.0/16")
    encoded = refused.value.response["Error"]["Message"].rpartition("Encoded authorization failure message: ")[2]
    message = json.loads(cloud.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert message["context"]["action"] == "ec2:CreateVpc"
    assert message["context"]["principal"]["arn"].endswith(":user/eva")
    with pytest.raises(ClientError, match="InvalidAuthorizationMessage"):
        cloud.client("sts").decode_authorization_message(EncodedMessage="é")


def test_an_unknown_access_key_is_refused(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        user(cloud, {"AccessKeyId": "AKIAIOSFODNN7UNKNOWN", "SecretAccessKey": "x"}).describe_vpcs()


def user(cloud: LocalCloud, key: dict[str, str]) -> Any:

    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return boto3.client("ec2", endpoint_url=cloud.endpoint, region_name="us-east-1", **keys)  # type: ignore[call-overload]
