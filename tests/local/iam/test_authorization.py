"""The authorizer: the evaluation of policies, the authorization requests of calls, and the users of the account."""

import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from awsprov.local.iam.actions import actions_of, has_condition_key, resource_types
from awsprov.local.iam.authorization_requests import EC2_ACTIONS_OF_EFS, authorization_requests
from awsprov.local.iam.evaluation import AuthorizationRequest, allows, authorizes
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
        ([allow("*", Condition={"StringEqualsIfExists": {"aws:ResourceTag/team": "b"}})], False),
        ([allow("*", Condition={"StringEqualsIfExists": {"aws:RequestTag/team": "b"}})], True),
        ([allow("*", Condition={"BinaryEqualsIfExists": {"aws:RequestTag/team": "b"}})], False),
        ([allow("*", Condition={"Null": {"aws:RequestTag/team": "true", "aws:ResourceTag/team": "false"}})], True),
        ([allow("*", Condition={"Null": {"aws:ResourceTag/team": "true"}})], False),
    ],
)
def test_a_deny_overrides_an_allow_and_the_default_is_deny(statements: list[dict[str, Any]], allowed: bool) -> None:
    assert allows(statements, VPC) is allowed


@pytest.mark.parametrize(
    ("identity", "boundary", "allowed"),
    [
        ([allow("*")], None, True),
        ([allow("*")], [], False),
        ([allow("*")], [allow("ec2:*")], True),
        ([allow("*")], [allow("iam:*")], False),
        ([], [allow("*")], False),
        ([allow("*")], [allow("*"), {**allow("ec2:DeleteVpc"), "Effect": "Deny"}], False),
    ],
)
def test_a_permissions_boundary_limits_what_identity_policies_allow(
    identity: list[dict[str, Any]], boundary: list[dict[str, Any]] | None, allowed: bool
) -> None:
    assert authorizes(identity, boundary, VPC) is allowed


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
    assert actions_of(service, operation) == (action,)


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


def test_a_rule_needs_the_group_that_gets_it_and_not_its_peer() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": "sg-2"}]}
    params = {"GroupId": "sg-1", "IpPermissions": [rule]}
    requests = authorization_requests(ApiCall("ec2", "AuthorizeSecurityGroupIngress", params=params), {})
    assert [each.resource.rpartition("/")[2] for each in requests] == ["sg-1"]


def test_a_tunnel_has_condition_keys() -> None:
    query = {"instanceConnectEndpointId": "eice-1", "remotePort": "22", "privateIpAddress": "10.0.0.1"}
    (request,) = authorization_requests(ApiCall("ec2-instance-connect", "OpenTunnel", params=query), {})
    assert request.resource == f"{ARN.format('ec2')}:instance-connect-endpoint/eice-1"
    assert request.context["ec2-instance-connect:privateIpAddress"] == "10.0.0.1"


def test_a_role_for_a_service_needs_pass_role() -> None:
    role = "arn:aws:iam::123456789012:role/a/b"
    call = ApiCall("lambda", "CreateFunction", "us-east-1", {"FunctionName": "f", "Role": role})
    requests = authorization_requests(call, {})
    passed = next(request for request in requests if request.action == "iam:PassRole")
    assert (passed.resource, passed.context) == (role, {"iam:PassedToService": "lambda.amazonaws.com"})


@pytest.mark.parametrize(
    ("operation", "params", "actions"),
    [
        ("CreateMountTarget", {"FileSystemId": "fs-1", "SubnetId": "subnet-1", "SecurityGroups": ["sg-1"]},
         {("ec2:DescribeSubnets", "*"), ("ec2:DescribeNetworkInterfaces", "*"),
          ("ec2:CreateNetworkInterface", "network-interface/*"), ("ec2:CreateNetworkInterface", "subnet/subnet-1"),
          ("ec2:CreateNetworkInterface", "security-group/sg-1")}),
        ("ModifyMountTargetSecurityGroups", {"MountTargetId": "fsmt-1", "SecurityGroups": ["sg-1"]},
         {("ec2:ModifyNetworkInterfaceAttribute", "security-group/sg-1")}),
        ("DescribeMountTargetSecurityGroups", {"MountTargetId": "fsmt-1"},
         {("ec2:DescribeNetworkInterfaceAttribute", "*")}),
        ("DeleteMountTarget", {"MountTargetId": "fsmt-1"}, {("ec2:DeleteNetworkInterface", "*")}),
    ],
)  # fmt: skip
def test_a_call_for_a_mount_target_needs_permissions_of_ec2(
    operation: str, params: dict[str, Any], actions: set[tuple[str, str]]
) -> None:
    requests = authorization_requests(ApiCall("efs", operation, params=params), {})
    assert {(r.action, r.resource.rpartition(":")[2]) for r in requests if r.action.startswith("ec2:")} == actions


def test_efs_says_which_permissions_of_ec2_its_operations_need() -> None:
    """A newer botocore that names others fails here."""
    model = botocore.session.get_session().get_service_model("efs")
    documented = {
        operation: set(re.findall(r"ec2:(\w+)", model.operation_model(operation).documentation))
        for operation in model.operation_names
    }
    assert {o: actions for o, actions in documented.items() if actions} == {
        o: set(actions) for o, actions in EC2_ACTIONS_OF_EFS.items()
    }


def test_the_tags_of_a_new_file_system_carry_the_creating_action() -> None:
    params = {"Tags": [{"Key": "team", "Value": "a"}]}
    requests = authorization_requests(ApiCall("efs", "CreateFileSystem", params=params), {})
    tag = next(request for request in requests if request.action == "elasticfilesystem:TagResource")
    assert tag.context["elasticfilesystem:CreateAction"] == "CreateFileSystem"
    later = authorization_requests(ApiCall("efs", "TagResource", params={**params, "ResourceId": "fs-1"}), {})
    assert all("elasticfilesystem:CreateAction" not in request.context for request in later)


@pytest.mark.parametrize(
    ("call", "resource"),
    [
        (ApiCall("logs", "CreateLogGroup", params={"logGroupName": "/a"}), f"{ARN.format('logs')}:log-group:/a:*"),
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
    return start_cloud()


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


def test_a_role_may_do_what_both_its_policy_and_its_boundary_allow(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    document = {"Version": "2012-10-17", "Statement": [allow("ec2:DescribeVpcs")]}
    boundary = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    role = iam.create_role(RoleName="bound", AssumeRolePolicyDocument="{}", PermissionsBoundary=boundary)["Role"]
    everything = json.dumps({**document, "Statement": [allow("*")]})
    iam.put_role_policy(RoleName="bound", PolicyName="all", PolicyDocument=everything)
    bound = user(cloud, cloud.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"])
    bound.describe_vpcs()
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        bound.describe_subnets()
    iam.delete_role_permissions_boundary(RoleName="bound")
    bound.describe_subnets()


def test_the_boundary_of_a_role_is_a_condition_key(cloud: LocalCloud) -> None:
    iam, limit = cloud.client("iam"), "arn:aws:iam::123456789012:policy/limit"
    own = {"StringEquals": {"iam:PermissionsBoundary": limit}}
    iam.create_user(UserName="leo")
    statement = allow(["iam:CreateRole", "iam:PutRolePolicy"], Condition=own)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="leo", PolicyName="some", PolicyDocument=document)
    leo = user(cloud, iam.create_access_key(UserName="leo")["AccessKey"], "iam")
    iam.create_role(RoleName="free", AssumeRolePolicyDocument="{}")
    leo.create_role(RoleName="leo-1", AssumeRolePolicyDocument="{}", PermissionsBoundary=limit)
    leo.put_role_policy(RoleName="leo-1", PolicyName="p", PolicyDocument=document)
    calls: tuple[Callable[[], object], ...] = (
        lambda: leo.create_role(RoleName="leo-2", AssumeRolePolicyDocument="{}"),
        lambda: leo.create_role(RoleName="leo-2", AssumeRolePolicyDocument="{}", PermissionsBoundary=f"{limit}-2"),
        lambda: leo.put_role_policy(RoleName="free", PolicyName="p", PolicyDocument=document),
        lambda: leo.delete_role_permissions_boundary(RoleName="leo-1"),
    )
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def test_an_unknown_access_key_is_refused(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="AuthFailure"):
        user(cloud, {"AccessKeyId": "AKIAIOSFODNN7UNKNOWN", "SecretAccessKey": "x"}).describe_vpcs()


def user(cloud: LocalCloud, key: dict[str, str], service: str = "ec2") -> Any:
    """A client with the keys of a user, or the temporary credentials of a role."""
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    keys |= {"aws_session_token": key["SessionToken"]} if "SessionToken" in key else {}
    return boto3.client(service, endpoint_url=cloud.endpoint, region_name="us-east-1", **keys)  # type: ignore[call-overload]
