"""Attempts to access resources of others with the policies that `awsprov policy` prints for the stack `shop`."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import boto3

REGION, ACCOUNT = "us-east-1", "123456789012"
OWNERS = {"another stack": "payroll", "a stack whose name begins alike": "shop-prod", "no stack": ""}
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
TAGS = [{"Key": "awsprov:stack", "Value": "shop"}, {"Key": "awsprov:name", "Value": "stolen"}]
TAG_MAP = {"awsprov:stack": "shop", "awsprov:name": "stolen"}
ANYWHERE = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
RULE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@dataclass(frozen=True)
class Attempt:
    """A call that must be refused.

    Arguments:
        service: the service, as botocore names it.
        operation: the operation.
        params: its parameters.
        path: the path of the request, of API Gateway.
    """

    service: str
    operation: str
    params: dict[str, Any]
    path: str = ""


def create_resources(stack: str) -> dict[str, str]:
    """Create one resource of each type for a stack, or for none, in moto; return their ids."""
    name = stack or "shopping"  # what no stack has begins like `shop`, too
    tags = [{"Key": "awsprov:stack", "Value": stack}] if stack else []
    tag_map = {"awsprov:stack": stack} if stack else {}
    ids = {"name": name, **_network(name, tags), **_identities(name, tags)}
    ids |= _functions(name, ids["role-arn"], tag_map)
    ids |= _file_system(ids["subnet"], tags)
    return ids | _apis(name, tag_map)


def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # any service


def _network(name: str, tags: list[dict[str, str]]) -> dict[str, str]:
    ec2 = _client("ec2")

    def specification(kind: str) -> dict[str, Any]:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", **specification("vpc"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", **specification("subnet"))["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(**specification("internet-gateway"))["InternetGateway"]
    table = ec2.create_route_table(VpcId=vpc, **specification("route-table"))["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc, **specification("security-group"))[
        "GroupId"
    ]
    acl = ec2.create_network_acl(VpcId=vpc, **specification("network-acl"))["NetworkAcl"]["NetworkAclId"]
    interface = ec2.create_network_interface(SubnetId=subnet, **specification("network-interface"))["NetworkInterface"]
    address = ec2.allocate_address(Domain="vpc", **specification("elastic-ip"))["AllocationId"]
    ec2.create_key_pair(KeyName=name, **specification("key-pair"))
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, **specification("natgateway"))["NatGateway"]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, **specification("instance"))[
        "Instances"
    ][0]["InstanceId"]
    return {
        "vpc": vpc, "subnet": subnet, "igw": gateway["InternetGatewayId"], "table": table, "group": group, "acl": acl,
        "interface": interface["NetworkInterfaceId"], "address": address, "key": name, "nat": nat["NatGatewayId"],
        "instance": instance, "image": image,
    }  # fmt: skip


def _identities(name: str, tags: list[dict[str, str]]) -> dict[str, str]:
    iam, path = _client("iam"), f"/awsprov/{name}/"
    role = iam.create_role(RoleName=f"{name}-role", Path=path, AssumeRolePolicyDocument="{}", Tags=tags)["Role"]
    policy = iam.create_policy(
        PolicyName=f"{name}-policy-bounded", Path=path, PolicyDocument=json.dumps(ADMINISTRATOR), Tags=tags
    )["Policy"]
    iam.create_instance_profile(InstanceProfileName=f"{name}-profile", Path=path, Tags=tags)
    iam.add_role_to_instance_profile(InstanceProfileName=f"{name}-profile", RoleName=f"{name}-role")
    return {"role": f"{name}-role", "role-arn": role["Arn"], "policy": policy["Arn"], "profile": f"{name}-profile"}


def _functions(name: str, role: str, tags: dict[str, str]) -> dict[str, str]:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "")
    _client("lambda").create_function(
        FunctionName=f"{name}-one", Runtime="python3.12", Role=role, Handler="app.f",
        Code={"ZipFile": content.getvalue()}, Tags=tags,
    )  # fmt: skip
    logs = _client("logs")
    logs.create_log_group(logGroupName=f"/aws/lambda/{name}-one", tags=tags)
    return {"function": f"{name}-one", "group-name": f"/aws/lambda/{name}-one"}


def _file_system(subnet: str, tags: list[dict[str, str]]) -> dict[str, str]:
    efs = _client("efs")
    system = efs.create_file_system(CreationToken=subnet, Tags=tags)["FileSystemId"]
    target = efs.create_mount_target(FileSystemId=system, SubnetId=subnet)["MountTargetId"]
    point = efs.create_access_point(ClientToken=subnet, FileSystemId=system, Tags=tags)["AccessPointId"]
    return {"fs": system, "target": target, "point": point}


def _apis(name: str, tags: dict[str, str]) -> dict[str, str]:
    rest, http, logs = _client("apigateway"), _client("apigatewayv2"), _client("logs")
    api = rest.create_rest_api(name=name, tags=tags)["id"]
    key = rest.create_api_key(name=name, tags=tags)["id"]
    plan = rest.create_usage_plan(name=name, tags=tags)["id"]
    other = http.create_api(Name=name, ProtocolType="HTTP", Tags=tags)["ApiId"]
    logs.create_log_group(logGroupName=f"API-Gateway-Execution-Logs_{api}/prod", tags=tags)
    api_log = f"API-Gateway-Execution-Logs_{api}/prod"
    return {"rest": api, "http": other, "api-key": key, "plan": plan, "api-log": api_log}


def attempts(of: dict[str, str]) -> list[Attempt]:
    """Return calls on one owner's resources."""
    return [*_ec2(of), *_efs(of), *_iam(of), *_lambda_and_logs(of), *_api_gateway(of)]


def _ec2(of: dict[str, str]) -> list[Attempt]:
    vpc, subnet, group, acl = of["vpc"], of["subnet"], of["group"], of["acl"]
    calls: dict[str, Any] = {
        "DeleteVpc": {"VpcId": vpc},
        "ModifyVpcAttribute": {"VpcId": vpc, "EnableDnsSupport": {"Value": False}},
        "CreateSubnet": {"VpcId": vpc, "CidrBlock": "10.0.9.0/24", **_tagged("subnet")},
        "CreateRouteTable": {"VpcId": vpc, **_tagged("route-table")},
        "CreateSecurityGroup": {"VpcId": vpc, "GroupName": "x", "Description": "x", **_tagged("security-group")},
        "CreateNetworkAcl": {"VpcId": vpc, **_tagged("network-acl")},
        "DeleteSubnet": {"SubnetId": subnet},
        "ModifySubnetAttribute": {"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": True}},
        "CreateNatGateway": {"SubnetId": subnet, "AllocationId": of["address"], **_tagged("natgateway")},
        "CreateNetworkInterface": {"SubnetId": subnet, "Groups": [group]},
        "ModifyNetworkInterfaceAttribute": {"NetworkInterfaceId": of["interface"], "Groups": [group]},
        "AttachInternetGateway": {"VpcId": vpc, "InternetGatewayId": of["igw"]},
        "DetachInternetGateway": {"VpcId": vpc, "InternetGatewayId": of["igw"]},
        "DeleteInternetGateway": {"InternetGatewayId": of["igw"]},
        "CreateRoute": {"RouteTableId": of["table"], "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": of["igw"]},
        "ReplaceRoute": {"RouteTableId": of["table"], "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": of["igw"]},
        "DeleteRoute": {"RouteTableId": of["table"], "DestinationCidrBlock": "0.0.0.0/0"},
        "AssociateRouteTable": {"RouteTableId": of["table"], "SubnetId": subnet},
        "DeleteRouteTable": {"RouteTableId": of["table"]},
        "AuthorizeSecurityGroupIngress": {"GroupId": group, "IpPermissions": RULE},
        "AuthorizeSecurityGroupEgress": {"GroupId": group, "IpPermissions": RULE},
        "DeleteSecurityGroup": {"GroupId": group},
        "CreateNetworkAclEntry": {"NetworkAclId": acl, "RuleNumber": 1, "Egress": False, **ANYWHERE},
        "ReplaceNetworkAclEntry": {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False, **ANYWHERE},
        "DeleteNetworkAclEntry": {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False},
        "ReplaceNetworkAclAssociation": {"NetworkAclId": acl, "AssociationId": "aclassoc-1"},
        "DeleteNetworkAcl": {"NetworkAclId": acl},
        "ReleaseAddress": {"AllocationId": of["address"]},
        "DeleteNatGateway": {"NatGatewayId": of["nat"]},
        "DeleteKeyPair": {"KeyName": of["key"]},
        "StartInstances": {"InstanceIds": [of["instance"]]},
        "StopInstances": {"InstanceIds": [of["instance"]]},
        "TerminateInstances": {"InstanceIds": [of["instance"]]},
        "GetConsoleOutput": {"InstanceId": of["instance"]},
        "RunInstances": {"ImageId": of["image"], "SubnetId": subnet, "KeyName": of["key"], **_tagged("instance")},
        "CreateTags": {"Resources": [vpc], "Tags": TAGS},
        "DeleteTags": {"Resources": [vpc], "Tags": TAGS},
    }
    return [Attempt("ec2", operation, params) for operation, params in calls.items()]


def _tagged(kind: str) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": TAGS}]}


def _efs(of: dict[str, str]) -> list[Attempt]:
    calls: dict[str, Any] = {
        "TagResource": {"ResourceId": of["fs"], "Tags": TAGS},
        "UntagResource": {"ResourceId": of["fs"], "TagKeys": ["awsprov:stack"]},
        "DeleteFileSystem": {"FileSystemId": of["fs"]},
        "PutFileSystemPolicy": {"FileSystemId": of["fs"], "Policy": json.dumps(ADMINISTRATOR)},
        "DeleteFileSystemPolicy": {"FileSystemId": of["fs"]},
        "CreateMountTarget": {"FileSystemId": of["fs"], "SubnetId": of["subnet"]},
        "DeleteMountTarget": {"MountTargetId": of["target"]},
        "ModifyMountTargetSecurityGroups": {"MountTargetId": of["target"], "SecurityGroups": [of["group"]]},
        "CreateAccessPoint": {"FileSystemId": of["fs"], "Tags": TAGS},
        "DeleteAccessPoint": {"AccessPointId": of["point"]},
    }
    tag_point = Attempt("efs", "TagResource", {"ResourceId": of["point"], "Tags": TAGS})
    return [tag_point, *(Attempt("efs", operation, params) for operation, params in calls.items())]


def _iam(of: dict[str, str]) -> list[Attempt]:
    role, policy, path = of["role"], of["policy"], f"/awsprov/{of['name']}/"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/awsprov-boundary/shop"
    calls: dict[str, Any] = {
        "CreateRole": {
            "RoleName": "x", "Path": path, "AssumeRolePolicyDocument": json.dumps(TRUST),
            "PermissionsBoundary": boundary,
        },
        "DeleteRole": {"RoleName": role},
        "UpdateAssumeRolePolicy": {"RoleName": role, "PolicyDocument": json.dumps(TRUST)},
        "AttachRolePolicy": {"RoleName": role, "PolicyArn": policy},
        "DetachRolePolicy": {"RoleName": role, "PolicyArn": policy},
        "PutRolePolicy": {"RoleName": role, "PolicyName": "x", "PolicyDocument": json.dumps(ADMINISTRATOR)},
        "PutRolePermissionsBoundary": {"RoleName": role, "PermissionsBoundary": boundary},
        "DeleteRolePermissionsBoundary": {"RoleName": role},
        "TagRole": {"RoleName": role, "Tags": TAGS},
        "CreatePolicy": {"PolicyName": "x-bounded", "Path": path, "PolicyDocument": json.dumps(ADMINISTRATOR)},
        "CreatePolicyVersion": {"PolicyArn": policy, "PolicyDocument": json.dumps(ADMINISTRATOR)},
        "SetDefaultPolicyVersion": {"PolicyArn": policy, "VersionId": "v1"},
        "DeletePolicy": {"PolicyArn": policy},
        "TagPolicy": {"PolicyArn": policy, "Tags": TAGS},
        "DeleteInstanceProfile": {"InstanceProfileName": of["profile"]},
        "AddRoleToInstanceProfile": {"InstanceProfileName": of["profile"], "RoleName": role},
        "RemoveRoleFromInstanceProfile": {"InstanceProfileName": of["profile"], "RoleName": role},
        "GetPolicyVersion": {"PolicyArn": policy, "VersionId": "v1"},
    }  # fmt: skip
    return [Attempt("iam", operation, params) for operation, params in calls.items()]


def _lambda_and_logs(of: dict[str, str]) -> list[Attempt]:
    function = {"FunctionName": of["function"]}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{of['function']}"
    group = {"logGroupName": of["group-name"]}
    statement = {"StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": "*"}
    calls: dict[str, Any] = {
        "UpdateFunctionCode": {**function, "ZipFile": "UEsFBg=="},
        "UpdateFunctionConfiguration": {**function, "Role": of["role-arn"]},
        "DeleteFunction": function,
        "GetFunction": function,
        "GetFunctionConfiguration": function,
        "AddPermission": {**function, **statement},
        "RemovePermission": {**function, "StatementId": "x"},
        "PublishVersion": function,
        "CreateAlias": {**function, "Name": "live", "FunctionVersion": "1"},
        "UpdateAlias": {**function, "Name": "live", "FunctionVersion": "1"},
        "DeleteAlias": {**function, "Name": "live"},
        "PutFunctionConcurrency": {**function, "ReservedConcurrentExecutions": 0},
        "Invoke": function,
        "TagResource": {"Resource": arn, "Tags": TAG_MAP},
    }
    log_arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{of['group-name']}"
    logs: dict[str, Any] = {
        "DeleteLogGroup": group,
        "PutRetentionPolicy": {**group, "retentionInDays": 1},
        "FilterLogEvents": group,
        "TagResource": {"resourceArn": log_arn, "tags": TAG_MAP},
        "PutSubscriptionFilter": {**group, "filterName": "x", "filterPattern": "", "destinationArn": arn},
    }
    of_api = [
        Attempt("logs", "DeleteLogGroup", {"logGroupName": of["api-log"]}),
        Attempt("logs", "PutRetentionPolicy", {"logGroupName": of["api-log"], "retentionInDays": 1}),
    ]
    return [
        *(Attempt("lambda", operation, params) for operation, params in calls.items()),
        *(Attempt("logs", operation, params) for operation, params in logs.items()),
        *of_api,
    ]


def _api_gateway(of: dict[str, str]) -> list[Attempt]:
    rest, http, key, plan = of["rest"], of["http"], of["api-key"], of["plan"]
    return [
        Attempt("apigateway", "DeleteRestApi", {"restApiId": rest}, f"/restapis/{rest}"),
        Attempt("apigateway", "UpdateRestApi", {"restApiId": rest}, f"/restapis/{rest}"),
        Attempt("apigateway", "PutRestApi", {"restApiId": rest}, f"/restapis/{rest}"),
        Attempt("apigateway", "GetRestApi", {"restApiId": rest}, f"/restapis/{rest}"),
        Attempt("apigateway", "CreateDeployment", {"restApiId": rest}, f"/restapis/{rest}/deployments"),
        Attempt("apigateway", "UpdateStage", {"restApiId": rest}, f"/restapis/{rest}/stages/prod"),
        Attempt("apigateway", "GetStage", {"restApiId": rest}, f"/restapis/{rest}/stages/prod"),
        Attempt("apigateway", "GetApiKey", {"apiKey": key, "includeValue": True}, f"/apikeys/{key}"),
        Attempt("apigateway", "UpdateApiKey", {"apiKey": key}, f"/apikeys/{key}"),
        Attempt("apigateway", "DeleteApiKey", {"apiKey": key}, f"/apikeys/{key}"),
        Attempt("apigateway", "DeleteUsagePlan", {"usagePlanId": plan}, f"/usageplans/{plan}"),
        Attempt("apigateway", "UpdateUsagePlan", {"usagePlanId": plan}, f"/usageplans/{plan}"),
        Attempt("apigateway", "GetUsagePlanKeys", {"usagePlanId": plan}, f"/usageplans/{plan}/keys"),
        Attempt("apigateway", "CreateUsagePlanKey", {"usagePlanId": plan}, f"/usageplans/{plan}/keys"),
        Attempt("apigatewayv2", "DeleteApi", {"ApiId": http}, f"/v2/apis/{http}"),
        Attempt("apigatewayv2", "UpdateApi", {"ApiId": http}, f"/v2/apis/{http}"),
        Attempt("apigatewayv2", "CreateRoute", {"ApiId": http}, f"/v2/apis/{http}/routes"),
        Attempt("apigatewayv2", "GetIntegrations", {"ApiId": http}, f"/v2/apis/{http}/integrations"),
    ]


def escalations(role: str, policy: str) -> list[Attempt]:
    """Return calls on the stack's own path that would give its user more than the policy.

    Arguments:
        role: the name of a role of the stack that has no boundary.
        policy: the ARN of a policy of that role.
    """
    path, everything, trust = "/awsprov/shop/", json.dumps(ADMINISTRATOR), json.dumps(TRUST)
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/awsprov-boundary/shop"
    new = {"RoleName": "shop-x", "Path": path, "AssumeRolePolicyDocument": trust}
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("CreateRole", new),
        ("CreateRole", {**new, "PermissionsBoundary": administrator}),
        ("CreateRole", {**new, "PermissionsBoundary": policy}),
        ("CreateRole", {**new, "Path": "/", "PermissionsBoundary": boundary}),
        ("AttachRolePolicy", {"RoleName": role, "PolicyArn": policy}),
        ("AttachRolePolicy", {"RoleName": role, "PolicyArn": administrator}),
        ("PutRolePolicy", {"RoleName": role, "PolicyName": "x", "PolicyDocument": everything}),
        ("UpdateAssumeRolePolicy", {"RoleName": role, "PolicyDocument": trust}),
        ("CreatePolicyVersion", {"PolicyArn": policy, "PolicyDocument": everything, "SetAsDefault": True}),
        ("SetDefaultPolicyVersion", {"PolicyArn": policy, "VersionId": "v1"}),
        ("CreatePolicy", {"PolicyName": "shop", "Path": "/awsprov-boundary/", "PolicyDocument": everything}),
        ("CreatePolicyVersion", {"PolicyArn": boundary, "PolicyDocument": everything, "SetAsDefault": True}),
        ("SetDefaultPolicyVersion", {"PolicyArn": boundary, "VersionId": "v1"}),
        ("DeletePolicyVersion", {"PolicyArn": boundary, "VersionId": "v1"}),
        ("DeletePolicy", {"PolicyArn": boundary}),
        ("DeleteRolePermissionsBoundary", {"RoleName": role}),
        ("PutRolePermissionsBoundary", {"RoleName": role, "PermissionsBoundary": administrator}),
        ("CreateUser", {"UserName": "x"}),
        ("CreateAccessKey", {"UserName": "x"}),
        ("AttachUserPolicy", {"UserName": "x", "PolicyArn": policy}),
        ("PutUserPolicy", {"UserName": "x", "PolicyName": "x", "PolicyDocument": everything}),
        ("AddUserToGroup", {"UserName": "x", "GroupName": "administrators"}),
        ("AttachGroupPolicy", {"GroupName": "x", "PolicyArn": policy}),
        ("CreateLoginProfile", {"UserName": "x", "Password": "x"}),
        ("CreateOpenIDConnectProvider", {"Url": "https://example.com"}),
        ("UpdateRole", {"RoleName": role, "MaxSessionDuration": 43200}),
    ]
    return [
        *(Attempt("iam", operation, params) for operation, params in calls),
        Attempt("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "RoleSessionName": "xx"}),
        Attempt("efs", "CreateFileSystem", {"CreationToken": "x"}),
        Attempt("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}),
        Attempt("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [
            {"ResourceType": "vpc", "Tags": [{"Key": "awsprov:stack", "Value": "payroll"}]}]}),
        Attempt("lambda", "CreateFunction", {"FunctionName": "shop-one", "Role": f"arn:aws:iam::{ACCOUNT}:role/admin",
                                             "Tags": TAG_MAP}),
        Attempt("lambda", "CreateFunction", {"FunctionName": "shop-one", "Tags": {"awsprov:stack": "payroll"},
                                             "Role": f"arn:aws:iam::{ACCOUNT}:role/awsprov/shop/shop-role"}),
        Attempt("lambda", "CreateEventSourceMapping", {"FunctionName": "shop-one", "EventSourceArn": "x"}),
        Attempt("lambda", "CreateFunctionUrlConfig", {"FunctionName": "shop-one", "AuthType": "NONE"}),
        Attempt("ssm", "GetParameter", {"Name": "/payroll/password"}),
        Attempt("ssm", "PutParameter", {"Name": "/prices/key", "Value": "x"}),
        Attempt("secretsmanager", "GetSecretValue", {"SecretId": "payroll"}),
        Attempt("secretsmanager", "PutSecretValue", {"SecretId": "prices", "SecretString": "x"}),
        Attempt("apigateway", "UpdateAccount", {}, "/account"),
        Attempt("apigateway", "CreateRestApi", {"name": "x"}, "/restapis"),
        Attempt("logs", "CreateLogGroup", {"logGroupName": "/aws/lambda/shop-one"}),
        Attempt("logs", "CreateLogGroup", {"logGroupName": "/other", "tags": TAG_MAP}),
        Attempt("logs", "PutResourcePolicy", {"policyName": "x", "policyDocument": everything}),
    ]  # fmt: skip
