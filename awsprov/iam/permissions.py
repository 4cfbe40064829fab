"""Which calls each command makes on AWS, and on what: the one table behind `awsprov policy`.

Tests hold it to the code: no call of the package is missing here, and nothing here goes without a call. What AWS's own
table of actions asks for besides (tags written while something is made, roles passed on) stands beside the call.
Source: Service Authorization Reference, AWS; the "actions, resources and condition keys" page of each service.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from awsprov.config.models import Config

Task = Literal["up", "down", "deploy", "invoke", "read"]
TASKS: tuple[Task, ...] = get_args(Task)
ALL = "up down deploy invoke read"
LARGEST, INLINE = 6144, 10240  # characters of a managed policy, and of a role's inline ones, blanks apart (IAM quotas)

ANY = ("*",)  # IAM knows no resource for these actions, or a listing that asks for all of them
HERE = {"StringEquals": {"aws:RequestedRegion": "{region}"}}
NEW = {"StringEquals": {"aws:RequestTag/awsprov:stack": "{stack}"}}  # made with the stack's tag, in the same call
OURS = {"StringEquals": {"aws:ResourceTag/awsprov:stack": "{stack}"}}  # carries it
_PASSED = {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}}
_OWN_POLICY = {"ArnLike": {"iam:PolicyARN": "arn:{partition}:iam::{account}:policy/awsprov/{stack}/*"}}
_MAKING = {
    "StringEquals": {
        "ec2:CreateAction": [
            "CreateVpc", "CreateSubnet", "CreateInternetGateway", "CreateRouteTable", "CreateSecurityGroup",
            "CreateNatGateway", "AllocateAddress", "ImportKeyPair", "RunInstances",
        ],
        "aws:RequestTag/awsprov:stack": "{stack}",
    }
}  # fmt: skip
# Roles that a service makes for itself when an account meets it for the first time.
_SERVICES = {
    "StringEquals": {"iam:AWSServiceName": ["elasticfilesystem.amazonaws.com", "ops.apigateway.amazonaws.com"]}
}

_FUNCTION, _LOG = ("function:{stack}-*",), ("log-group:/aws/lambda/{stack}-*",)
_API_LOG = ("log-group:API-Gateway-Execution-Logs_*",)
_ROLE, _POLICY = ("role/awsprov/{stack}/*",), ("policy/awsprov/{stack}/*",)
_PROFILE, _FS, _DOOR = ("instance-profile/awsprov/{stack}/*",), ("file-system/*",), ("access-point/*",)
_IMAGE = ("arn:{partition}:ec2:{region}::image/*",)
_IMAGE_NAME = ("arn:{partition}:ssm:{region}::parameter/aws/service/ami-amazon-linux-latest/*",)


@dataclass(frozen=True)
class Right:
    """Some actions of one service.

    Arguments:
        tasks: the commands that need them.
        service: IAM's prefix.
        actions: their names.
        resources: the ends of ARNs in this account and region, or whole ones.
        condition: when they are allowed.
        api: of which kind the configuration's API must be: `rest`, `http`, `api_key`, or any.
    """

    tasks: str
    service: str
    actions: str
    resources: tuple[str, ...] = ANY
    condition: Any = None
    api: str = ""


TABLE = (
    # ---- looking
    Right(ALL, "ec2", "DescribeAddresses DescribeInstances DescribeInternetGateways DescribeKeyPairs "
          "DescribeNatGateways DescribeRouteTables DescribeSecurityGroups DescribeSubnets DescribeVpcs", ANY, HERE),
    Right("up", "ec2", "DescribeAvailabilityZones DescribeImages DescribeInstanceTypeOfferings DescribeInstanceTypes "
          "DescribeRegions", ANY, HERE),
    Right(ALL, "ec2", "DescribeNetworkAcls", ANY, HERE),
    Right("up read", "ec2", "DescribeVpcAttribute", ("*/*",), OURS),
    Right("down read", "ec2", "DescribeNetworkInterfaces", ANY, HERE),
    Right(ALL, "elasticfilesystem", "DescribeAccessPoints DescribeFileSystems DescribeMountTargets", (*_FS, *_DOOR)),
    Right(ALL, "elasticfilesystem", "DescribeFileSystemPolicy", _FS, OURS),
    Right("up read", "elasticfilesystem", "DescribeMountTargetSecurityGroups", _FS, OURS),
    Right(ALL, "iam", "ListInstanceProfiles ListPolicies ListRoles"),
    Right("up read down", "iam", "GetRole ListAttachedRolePolicies", _ROLE),
    Right("up read down", "iam", "GetInstanceProfile", _PROFILE),
    Right("up read", "iam", "GetPolicy GetPolicyVersion", _POLICY),
    Right(ALL, "lambda", "GetAlias GetFunction GetPolicy ListVersionsByFunction", _FUNCTION),
    Right("up down deploy read", "lambda", "GetFunctionConfiguration", _FUNCTION),
    Right("read", "lambda", "GetFunctionConcurrency", _FUNCTION),
    Right(ALL, "lambda", "ListTags", _FUNCTION),
    Right(ALL, "lambda", "ListFunctions", ANY, HERE),
    Right("up read", "lambda", "GetAccountSettings", ANY, HERE),
    Right(ALL, "logs", "DescribeLogGroups", ANY, HERE),
    Right(ALL, "logs", "ListTagsForResource", (*_LOG, *_API_LOG)),
    Right("up read invoke", "logs", "FilterLogEvents", _LOG),
    Right(ALL, "apigateway", "GET", ("/restapis", "/restapis/*", "/apis", "/apis/*", "/apikeys", "/apikeys/*",
                                     "/usageplans", "/usageplans/*")),
    Right("read", "pricing", "GetProducts"),  # `cost --refresh`
    Right("up", "servicequotas", "GetServiceQuota", ANY, HERE),
    Right("up", "ssm", "GetParameter", _IMAGE_NAME),
    Right("up down", "sts", "DecodeAuthorizationMessage", ANY, HERE),  # why EC2 refuses something
    # ---- the network and the builder
    Right("up", "ec2", "CreateVpc CreateSubnet CreateInternetGateway CreateRouteTable CreateSecurityGroup "
          "CreateNatGateway AllocateAddress ImportKeyPair RunInstances",
          ("vpc/*", "subnet/*", "internet-gateway/*", "route-table/*", "security-group/*", "natgateway/*",
           "elastic-ip/*", "key-pair/*", "instance/*", "volume/*"), NEW),
    Right("up", "ec2", "CreateTags", ("*/*",), _MAKING),
    Right("up", "ec2", "CreateSubnet CreateRouteTable CreateSecurityGroup CreateNatGateway RunInstances",
          ("vpc/*", "subnet/*", "elastic-ip/*", "security-group/*", "key-pair/*"), OURS),
    Right("up", "ec2", "RunInstances", _IMAGE, {"StringEquals": {"ec2:Owner": "amazon"}}),
    Right("up", "ec2", "RunInstances", ("network-interface/*",)),
    Right("up", "ec2", "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress CreateRoute "
          "AuthorizeSecurityGroupIngress DeleteRoute GetConsoleOutput ModifySubnetAttribute ModifyVpcAttribute "
          "ReplaceRoute RevokeSecurityGroupEgress", ("*/*",), OURS),
    Right("up deploy", "ec2", "StartInstances StopInstances", ("*/*",), OURS),
    Right("up down", "ec2", "DeleteInternetGateway DeleteKeyPair DeleteNatGateway DeleteRouteTable DeleteSecurityGroup "
          "DeleteSubnet DeleteVpc DetachInternetGateway DisassociateRouteTable ReleaseAddress "
          "RevokeSecurityGroupIngress TerminateInstances", ("*/*",), OURS),
    Right("up down", "ec2", "DeleteNetworkInterface", ("network-interface/*",)),  # Lambda's: no tags of ours
    # A VPC's default group has no tag to go by; these can only close.
    Right("up", "ec2", "RevokeSecurityGroupEgress RevokeSecurityGroupIngress", ("security-group/*",)),
    # Nor has its access list.
    Right("up", "ec2", "CreateNetworkAclEntry DeleteNetworkAclEntry ReplaceNetworkAclEntry", ("network-acl/*",)),
    # ---- the file system
    Right("up", "elasticfilesystem", "CreateFileSystem", ANY, NEW),
    Right("up", "elasticfilesystem", "TagResource", (*_FS, *_DOOR), NEW),
    Right("up", "elasticfilesystem", "CreateAccessPoint CreateMountTarget ModifyMountTargetSecurityGroups "
          "PutFileSystemPolicy", _FS, OURS),
    Right("up deploy", "elasticfilesystem", "TagResource", _FS, OURS),
    Right("deploy", "elasticfilesystem", "UntagResource", _FS, OURS),
    Right("up down", "elasticfilesystem", "DeleteAccessPoint DeleteFileSystem DeleteFileSystemPolicy "
          "DeleteMountTarget", (*_FS, *_DOOR), OURS),
    # ---- identities
    Right("up", "iam", "CreateRole TagRole UpdateAssumeRolePolicy", _ROLE),
    Right("up", "iam", "AttachRolePolicy", _ROLE, _OWN_POLICY),
    Right("up down", "iam", "DetachRolePolicy DeleteRole", _ROLE),
    Right("up", "iam", "CreatePolicy CreatePolicyVersion TagPolicy", _POLICY),
    Right("up down", "iam", "ListPolicyVersions DeletePolicy DeletePolicyVersion", _POLICY),
    Right("up", "iam", "AddRoleToInstanceProfile CreateInstanceProfile TagInstanceProfile", _PROFILE),
    Right("up down", "iam", "DeleteInstanceProfile RemoveRoleFromInstanceProfile", _PROFILE),
    Right("up deploy", "iam", "PassRole", _ROLE, _PASSED),
    Right("up", "iam", "CreateServiceLinkedRole", ("role/aws-service-role/*",), _SERVICES),
    # ---- the function
    Right("up", "logs", "CreateLogGroup PutRetentionPolicy TagResource", _LOG),
    Right("up down", "logs", "DeleteLogGroup", _LOG),
    Right("up", "lambda", "AddPermission CreateAlias CreateFunction DeleteFunctionConcurrency PutFunctionConcurrency "
          "TagResource", _FUNCTION),
    Right("up deploy", "lambda", "PublishVersion UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration",
          _FUNCTION),
    Right("up down", "lambda", "DeleteAlias DeleteFunction RemovePermission", _FUNCTION),
    Right("up deploy invoke", "lambda", "InvokeFunction", _FUNCTION),  # a smoke request, too
    # ---- the API
    Right("up read", "apigateway", "GET", ("/account",), None, "rest"),
    Right("up", "logs", "CreateLogGroup TagResource", _API_LOG, NEW),
    Right("up", "logs", "PutRetentionPolicy", _API_LOG, OURS),
    Right("up down", "logs", "DeleteLogGroup", _API_LOG, OURS),
    # API Gateway hands an HTTP API's lines over to CloudWatch Logs in the name of who asks for it.
    Right("up", "logs", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries "
          "PutResourcePolicy UpdateLogDelivery", ANY, HERE, "http"),
    Right("up", "apigateway", "POST", ("/restapis",), NEW, "rest"),
    Right("up", "apigateway", "POST PUT PATCH", ("/restapis/*",), OURS, "rest"),
    Right("up down", "apigateway", "DELETE", ("/restapis/*",), OURS, "rest"),
    Right("up", "apigateway", "POST", ("/apikeys", "/usageplans"), NEW, "api_key"),
    Right("up", "apigateway", "POST PATCH", ("/usageplans/*",), OURS, "api_key"),
    Right("up down", "apigateway", "PATCH DELETE", ("/apikeys/*", "/usageplans/*"), OURS, "api_key"),
    Right("up", "apigateway", "POST", ("/apis",), NEW, "http"),
    Right("up", "apigateway", "POST PATCH", ("/apis/*",), OURS, "http"),
    Right("up down", "apigateway", "DELETE", ("/apis/*",), OURS, "http"),
    Right("up", "apigateway", "PUT", ("/tags/*",), NEW),
)  # fmt: skip
_WHERE = {"iam": ":{account}:", "apigateway": "{region}::"}


def document(config: Config, tasks: Iterable[Task], account: str, partition: str = "aws") -> dict[str, Any]:
    """The least policy of who runs these commands on the configuration's stack.

    Arguments:
        account: twelve digits.
        partition: `aws`, or that of China or the government's regions.
    """
    names = {"partition": partition, "region": config.region, "account": account, "stack": config.stack}
    merged: dict[str, tuple[Any, set[str]]] = {}
    for right in needed(config, tasks):
        where = {"Resource": _plain(_arns(right)), **({"Condition": right.condition} if right.condition else {})}
        filled = _filled(where, names)
        actions = merged.setdefault(json.dumps(filled), (filled, set()))[1]
        actions |= {f"{right.service}:{action}" for action in right.actions.split()}
    statements = [{"Effect": "Allow", "Action": sorted(actions), **where} for where, actions in merged.values()]
    return {"Version": "2012-10-17", "Statement": statements}


def needed(config: Config, tasks: Iterable[Task]) -> Iterator[Right]:
    """The rows of the table that these commands need for this configuration, and what it names besides."""
    wanted = set(tasks)
    kinds = {"", config.api.type, config.api.auth}
    for right in (*TABLE, *_named(config)):
        if wanted & set(right.tasks.split()) and right.api in kinds:
            yield right


def _named(config: Config) -> Iterator[Right]:
    """What the configuration names: routes that are called, secrets that must be there, a key pair of the person's."""
    for function in config.functions.values():
        for route in function.routes:
            yield Right(
                "invoke",
                "execute-api",
                "Invoke",
                (f"*/*/{'*' if route.method == 'ANY' else route.method}{route.path}",),
            )
        for reference in function.secrets.values():
            scheme, _, name = reference.partition(":")
            reading = "up deploy read" if function.secrets_at == "deploy" else "up read"
            if scheme == "ssm":
                yield Right(reading, "ssm", "GetParameter", (f"parameter/{name.removeprefix('/')}",))
            else:
                actions = "DescribeSecret GetSecretValue" if function.secrets_at == "deploy" else "DescribeSecret"
                yield Right(reading, "secretsmanager", actions, (f"secret:{name}-??????",))
        if function.kms_key:
            yield Right("up deploy", "kms", "CreateGrant Decrypt Encrypt", (function.kms_key,))
    if config.keypair.name:
        yield Right("up", "ec2", "RunInstances", (f"key-pair/{config.keypair.name}",))


def _arns(right: Right) -> list[str]:
    place = _WHERE.get(right.service, "{region}:{account}:")
    start = f"arn:{{partition}}:{right.service}:{place}"
    return [each if each == "*" or each.startswith("arn:") else start + each for each in right.resources]


def _plain(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else values


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, names) for item in value]
    return _fill(str(value), names)


def _fill(text: str, names: dict[str, str]) -> str:
    """Replaces the names only: a route's own `{id}` stands for anything."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return re.sub(r"\{[^}]*\}", "*", text)
