"""The IAM permissions that each command needs: the table behind `awsprov policy` (`policies.py`).

A test compares the table with the code: every operation that awsprov can call is in it, and nothing else, except what
AWS requires in addition (tags written at creation, roles passed on). Those actions are beside the one that needs them.
Source: AWS Service Authorization Reference, "Actions, resources, and condition keys" of each service.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

EC2 = "ec2.amazonaws.com"  # the service that assumes the builder's role; see `service_principal`
Task = Literal["up", "down", "deploy", "invoke", "read"]
TASKS: tuple[Task, ...] = get_args(Task)
ALL = "up down deploy invoke read"

ANY = ("*",)  # actions without resource-level permissions, and lists of all resources
REGIONAL = {"StringEquals": {"aws:RequestedRegion": "{region}"}}
CREATED_WITH_TAG = {"StringEquals": {"aws:RequestTag/awsprov:stack": "{stack}"}}  # the call sets the stack's tag
TAGGED = {"StringEquals": {"aws:ResourceTag/awsprov:stack": "{stack}"}}  # the resource has the stack's tag
# The call creates a resource with the stack's tag, or sets the tag on one that does not belong to another stack.
_NEW = {**CREATED_WITH_TAG, "StringEqualsIfExists": TAGGED["StringEquals"]}
_NEW_IN_EFS = {
    "StringEquals": {
        "elasticfilesystem:CreateAction": ["CreateFileSystem", "CreateAccessPoint"],
        **CREATED_WITH_TAG["StringEquals"],
    }
}
PASSED = {"StringEquals": {"iam:PassedToService": ["{ec2}", "lambda.amazonaws.com"]}}
SSH_ONLY = {"NumericEquals": {"ec2-instance-connect:remotePort": "22"}}
BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": "{boundary}"}}  # the role has the boundary, or gets it
_OWN_POLICY = {
    **BOUNDED,
    "ArnLike": {"iam:PolicyARN": "arn:{partition}:iam::{account}:policy/{role_path}awsprov/{stack}/*"},
}
_TAG_AT_CREATION = {
    "StringEquals": {
        "ec2:CreateAction": [
            "CreateVpc", "CreateSubnet", "CreateInternetGateway", "CreateRouteTable", "CreateSecurityGroup",
            "CreateNatGateway", "CreateNetworkAcl", "AllocateAddress", "ImportKeyPair", "RunInstances",
            "CreateVpcEndpoint", "CreateNetworkInterface",
        ],
        "aws:RequestTag/awsprov:stack": "{stack}",
    }
}  # fmt: skip
_HOST_KEY_TAGS = {**TAGGED, "ForAllValues:StringLike": {"aws:TagKeys": "awsprov:host-key:*"}}
_PAUSE_TAG = {**TAGGED, "ForAllValues:StringEquals": {"aws:TagKeys": "awsprov:pause"}}
# The actions of EC2 that create, change and delete a network of the stack's own; not needed in an existing one.
OWN_NETWORK = frozenset({
    "CreateVpc", "CreateInternetGateway", "AllocateAddress", "CreateSubnet", "CreateRouteTable", "CreateNetworkAcl",
    "CreateNatGateway", "CreateVpcEndpoint", "ModifyVpcEndpoint", "AssociateRouteTable", "AttachInternetGateway",
    "CreateRoute", "DeleteRoute", "ReplaceRoute", "ModifySubnetAttribute", "ModifyVpcAttribute",
    "CreateNetworkAclEntry", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation",
    "DeleteInternetGateway", "DeleteNatGateway", "DeleteNetworkAcl", "DeleteRouteTable", "DeleteSubnet", "DeleteVpc",
    "DetachInternetGateway", "DisassociateRouteTable", "ReleaseAddress", "DeleteVpcEndpoints", "AssociateAddress",
    "DisassociateAddress",
})  # fmt: skip
# What makes, changes and deletes a file system of the stack's own: not needed for an existing one.
OWN_FILE_SYSTEM = frozenset({
    "CreateFileSystem", "CreateMountTarget", "ModifyMountTargetSecurityGroups", "PutFileSystemPolicy",
    "DeleteFileSystem", "DeleteFileSystemPolicy", "DeleteMountTarget",
})  # fmt: skip
# Service-linked roles, which a service creates when an account uses it for the first time.
_LINKED_ROLES = {
    "StringEquals": {"iam:AWSServiceName": ["elasticfilesystem.amazonaws.com", "ops.apigateway.amazonaws.com"]}
}

# By prefix, which other stacks' names may have, too; and by the names of the functions in config.yaml.
_VERSION = ("function:{stack}-*:*",)
_FUNCTION, _NAMED_FUNCTION = ("function:{stack}-*",), ("function:{stack}-{function}",)
_LOG, _NAMED_LOG = ("log-group:/aws/lambda/{stack}-*",), ("log-group:/aws/lambda/{stack}-{function}:*",)
_NAMED_LOG_TAGS = ("log-group:/aws/lambda/{stack}-{function}",)  # the ARN for actions on tags
_API_LOG = ("log-group:API-Gateway-Execution-Logs_*",)
ROLE, _POLICY = ("role/{role_path}awsprov/{stack}/*",), ("policy/{role_path}awsprov/{stack}/*",)
_BOUNDED_POLICY = ("policy/{role_path}awsprov/{stack}/*-bounded",)
_PROFILE = ("instance-profile/{role_path}awsprov/{stack}/*",)
_FS, _EFS = ("file-system/*",), ("file-system/*", "access-point/*")
_IMAGE = ("arn:{partition}:ec2:{region}::image/*",)
_IMAGE_NAME = ("arn:{partition}:ssm:{region}::parameter/aws/service/ami-amazon-linux-latest/*",)


def service_principal(service: str, partition: str) -> str:
    """Return the name by which a service assumes roles in a partition. EC2 has one of its own in China.

    Source: IAM user guide, "AWS service principals"; AWS services in China, "Endpoints and ARNs".
    """
    return f"{service}.cn" if (service, partition) == (EC2, "aws-cn") else service


@dataclass(frozen=True)
class Grant:
    """Actions of one service that are allowed on the same resources.

    Arguments:
        tasks: the tasks that need them, separated by spaces.
        service: the service prefix in IAM.
        actions: their names, separated by spaces.
        resources: the last parts of ARNs in this account and region, or whole ARNs.
        condition: the condition of the statement.
        only: the type or auth that the API must have: `rest`, `http`, `api_key`; or a key of `network` that must be
            set: `endpoints`; or `nat-instance`. Empty for any configuration.
    """

    tasks: str
    service: str
    actions: str
    resources: tuple[str, ...] = ANY
    condition: Any = None
    only: str = ""


PERMISSIONS = (
    # ---- reading
    Grant(ALL, "ec2", "DescribeAddresses DescribeInstances DescribeInternetGateways DescribeKeyPairs "
          "DescribeNatGateways DescribeRouteTables DescribeSecurityGroups DescribeSubnets DescribeVpcEndpoints "
          "DescribeVpcs", ANY, REGIONAL),
    Grant("up", "ec2", "DescribeAvailabilityZones DescribeImages DescribeInstanceTypeOfferings DescribeInstanceTypes "
          "DescribeRegions", ANY, REGIONAL),
    Grant(ALL, "ec2", "DescribeNetworkAcls DescribeNetworkInterfaces", ANY, REGIONAL),
    Grant("up read", "ec2", "DescribeVpcAttribute", ("*/*",), TAGGED),
    Grant("up read", "ec2", "DescribeNetworkInterfaceAttribute", ANY, REGIONAL),  # for mount targets
    Grant(ALL, "elasticfilesystem", "DescribeAccessPoints DescribeFileSystems DescribeMountTargets", _EFS),
    Grant(ALL, "elasticfilesystem", "DescribeFileSystemPolicy", _FS, TAGGED),
    Grant("up read", "elasticfilesystem", "DescribeMountTargetSecurityGroups", _FS, TAGGED),
    Grant(ALL, "iam", "ListInstanceProfiles ListPolicies ListRoles"),
    Grant(ALL, "iam", "GetRole", ROLE),  # for its tags, as for the two others
    Grant("up read down", "iam", "ListAttachedRolePolicies ListRolePolicies", ROLE),
    Grant(ALL, "iam", "GetInstanceProfile", _PROFILE),
    Grant(ALL, "iam", "GetPolicy", _POLICY),
    Grant("up read", "iam", "GetPolicyVersion", _POLICY),
    Grant(ALL, "iam", "GetPolicy", ("{boundary}",)),
    Grant("up read", "iam", "GetPolicyVersion", ("{boundary}",)),
    Grant(ALL, "lambda", "GetAlias GetFunction GetPolicy ListVersionsByFunction", _FUNCTION, TAGGED),
    Grant(ALL, "lambda", "GetFunction", _NAMED_FUNCTION),  # also of one that does not exist, which has no tag
    Grant("up down deploy read", "lambda", "GetFunctionConfiguration", _FUNCTION, TAGGED),
    Grant("read", "lambda", "GetFunctionConcurrency", _FUNCTION, TAGGED),
    Grant(ALL, "lambda", "ListTags", _FUNCTION),
    Grant(ALL, "lambda", "ListFunctions", ANY, REGIONAL),
    Grant("up deploy read", "lambda", "GetAccountSettings", ANY, REGIONAL),
    Grant(ALL, "logs", "DescribeLogGroups", ANY, REGIONAL),
    Grant(ALL, "logs", "ListTagsForResource", (*_LOG, *_API_LOG)),
    Grant("up read invoke", "logs", "FilterLogEvents", (*_LOG, *_API_LOG), TAGGED),
    Grant(ALL, "apigateway", "GET", ("/restapis", "/apis", "/usageplans")),
    Grant(ALL, "apigateway", "GET", ("/restapis/*", "/apis/*", "/usageplans/*"), TAGGED),
    Grant(ALL, "apigateway", "GET", ("/apikeys",), None, "api_key"),
    Grant(ALL, "apigateway", "GET", ("/apikeys/*",), TAGGED, "api_key"),
    Grant("read", "pricing", "GetProducts"),  # `cost --refresh`
    Grant("up", "servicequotas", "GetServiceQuota", ANY, REGIONAL),
    Grant("up", "ssm", "GetParameter", _IMAGE_NAME),
    Grant("up down deploy", "sts", "DecodeAuthorizationMessage", ANY, REGIONAL),  # the reason of a denial by EC2
    # ---- the network and the builder
    # Three statements, so that none names a type that another of its calls uses: the request's tags are no proof of
    # whose a VPC or subnet is.
    Grant("up", "ec2", "CreateVpc CreateInternetGateway AllocateAddress ImportKeyPair",
          ("vpc/*", "internet-gateway/*", "elastic-ip/*", "key-pair/*"), CREATED_WITH_TAG),
    Grant("up", "ec2", "CreateSubnet CreateRouteTable CreateSecurityGroup CreateNetworkAcl",
          ("subnet/*", "route-table/*", "security-group/*", "network-acl/*"), CREATED_WITH_TAG),
    Grant("up", "ec2", "CreateNatGateway RunInstances", ("natgateway/*", "instance/*", "volume/*"), CREATED_WITH_TAG),
    Grant("up", "ec2", "CreateTags", ("*/*",), _TAG_AT_CREATION),
    # EFS creates and changes the network interfaces of mount targets with the permissions of its caller.
    Grant("up", "ec2", "CreateSubnet CreateRouteTable CreateSecurityGroup CreateNetworkAcl CreateNatGateway "
          "RunInstances CreateNetworkInterface ModifyNetworkInterfaceAttribute",
          ("vpc/*", "subnet/*", "elastic-ip/*", "security-group/*", "key-pair/*"), TAGGED),
    Grant("up", "ec2", "RunInstances", _IMAGE, {"StringEquals": {"ec2:Owner": "amazon"}}),
    Grant("up", "ec2", "RunInstances CreateNetworkInterface ModifyNetworkInterfaceAttribute",
          ("network-interface/*",)),
    Grant("up", "ec2", "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress CreateRoute "
          "AuthorizeSecurityGroupIngress DeleteRoute ModifySubnetAttribute ModifyVpcAttribute "
          "ReplaceRoute RevokeSecurityGroupEgress CreateNetworkAclEntry DeleteNetworkAclEntry ReplaceNetworkAclEntry "
          "ReplaceNetworkAclAssociation", ("*/*",), TAGGED),
    Grant("up deploy", "ec2", "StartInstances StopInstances", ("*/*",), TAGGED),
    Grant("up deploy read", "ec2", "GetConsoleOutput", ("*/*",), TAGGED),  # host keys
    Grant("up deploy", "ec2", "CreateTags", ("instance/*",), _HOST_KEY_TAGS),
    Grant("up", "ec2", "CreateTags", ("route-table/*",), _PAUSE_TAG),
    Grant("up down", "ec2", "DeleteInternetGateway DeleteKeyPair DeleteNatGateway DeleteNetworkAcl DeleteRouteTable "
          "DeleteSecurityGroup DeleteSubnet DeleteVpc DetachInternetGateway DisassociateRouteTable ReleaseAddress "
          "RevokeSecurityGroupIngress TerminateInstances", ("*/*",), TAGGED),
    Grant("up", "ec2", "AssociateAddress DisassociateAddress", ("elastic-ip/*", "network-interface/*"), TAGGED,
          "nat-instance"),
    Grant("up", "ec2", "CreateVpcEndpoint", ("vpc-endpoint/*",), CREATED_WITH_TAG, "endpoints"),
    Grant("up", "ec2", "CreateVpcEndpoint", ("vpc/*", "route-table/*"), TAGGED, "endpoints"),
    Grant("up", "ec2", "ModifyVpcEndpoint", ("vpc-endpoint/*", "route-table/*"), TAGGED, "endpoints"),
    Grant("up down", "ec2", "DeleteVpcEndpoints", ("vpc-endpoint/*",), TAGGED),
    Grant(ALL, "ec2", "DescribeManagedPrefixLists", ANY, REGIONAL, "endpoints"),
    Grant("up down", "ec2", "DeleteSecurityGroup DeleteVpcEndpoints", ("security-group/*", "vpc-endpoint/*"),
          {"StringEquals": {"aws:ResourceTag/GuardDutyManaged": "true"}}),
    Grant("up down", "ec2", "DeleteNetworkInterface", ("network-interface/*",)),  # created by Lambda, not tagged
    # A VPC's default security group is not tagged. These actions only remove rules.
    Grant("up", "ec2", "RevokeSecurityGroupEgress RevokeSecurityGroupIngress", ("security-group/*",)),
    # ---- the file system
    Grant("up", "elasticfilesystem", "CreateFileSystem", ANY, CREATED_WITH_TAG),
    Grant("up", "elasticfilesystem", "TagResource", _EFS, _NEW_IN_EFS),
    Grant("up", "elasticfilesystem", "CreateAccessPoint CreateMountTarget ModifyMountTargetSecurityGroups "
          "PutFileSystemPolicy", _FS, TAGGED),
    Grant("up deploy", "elasticfilesystem", "TagResource", _FS, TAGGED),
    Grant("deploy", "elasticfilesystem", "UntagResource", _FS, TAGGED),
    Grant("up down", "elasticfilesystem", "DeleteAccessPoint DeleteFileSystem DeleteFileSystemPolicy "
          "DeleteMountTarget", _EFS, TAGGED),
    # ---- identities
    Grant("up", "iam", "CreateRole PutRolePermissionsBoundary UpdateAssumeRolePolicy", ROLE, BOUNDED),
    Grant("up", "iam", "AttachRolePolicy", ROLE, _OWN_POLICY),
    Grant("up", "iam", "TagRole", ROLE),
    Grant("up down", "iam", "DetachRolePolicy DeleteRole DeleteRolePolicy", ROLE),
    # Roles without a boundary have other policies, which must not be changed: that would be a way around it.
    Grant("up", "iam", "CreatePolicy CreatePolicyVersion TagPolicy", _BOUNDED_POLICY),
    Grant("up down", "iam", "ListPolicyVersions DeletePolicy DeletePolicyVersion", _POLICY),
    Grant("up", "iam", "AddRoleToInstanceProfile CreateInstanceProfile TagInstanceProfile", _PROFILE),
    Grant("up down", "iam", "DeleteInstanceProfile RemoveRoleFromInstanceProfile", _PROFILE),
    Grant("up deploy", "iam", "PassRole", ROLE, PASSED),
    Grant("up", "iam", "CreateServiceLinkedRole", ("role/aws-service-role/*",), _LINKED_ROLES),
    # ---- the function
    Grant("up", "logs", "CreateLogGroup TagResource", (*_NAMED_LOG, *_NAMED_LOG_TAGS), _NEW),
    Grant("up", "logs", "PutRetentionPolicy", _LOG, TAGGED),
    Grant("up down", "logs", "DeleteLogGroup", _LOG, TAGGED),
    Grant("up down", "logs", "DeleteLogGroup", _NAMED_LOG),  # Lambda may create it again, without tags
    Grant("up", "lambda", "CreateFunction TagResource", _NAMED_FUNCTION, _NEW),
    Grant("up", "lambda", "AddPermission CreateAlias DeleteFunctionConcurrency PutFunctionConcurrency", _FUNCTION,
          TAGGED),
    Grant("up deploy", "lambda", "PublishVersion UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration",
          _FUNCTION, TAGGED),
    Grant("up deploy", "lambda", "ListAliases", _FUNCTION, TAGGED),
    Grant("deploy", "lambda", "DeleteFunction", _VERSION, TAGGED),  # of old versions
    Grant("up down", "lambda", "DeleteAlias DeleteFunction RemovePermission", _FUNCTION, TAGGED),
    Grant("up deploy invoke", "lambda", "InvokeFunction", _FUNCTION, TAGGED),  # also start checks
    # ---- the API
    Grant("up read", "apigateway", "GET", ("/account",), None, "rest"),
    Grant("up", "logs", "CreateLogGroup TagResource", _API_LOG, _NEW),
    Grant("up", "logs", "PutRetentionPolicy", _API_LOG, TAGGED),
    Grant("up down", "logs", "DeleteLogGroup", _API_LOG, TAGGED),
    # API Gateway sets up the access log of an HTTP API with the permissions of the caller.
    Grant("up", "logs", "CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries "
          "PutResourcePolicy UpdateLogDelivery", ANY, REGIONAL, "http"),
    Grant("up", "apigateway", "POST", ("/restapis",), CREATED_WITH_TAG, "rest"),
    Grant("up", "apigateway", "POST PUT PATCH", ("/restapis/*",), TAGGED, "rest"),
    Grant("up down", "apigateway", "DELETE", ("/restapis/*",), TAGGED, "rest"),
    Grant("up", "apigateway", "POST", ("/apikeys", "/usageplans"), CREATED_WITH_TAG, "api_key"),
    Grant("up", "apigateway", "POST PATCH", ("/usageplans/*",), TAGGED, "api_key"),
    Grant("up down", "apigateway", "PATCH DELETE", ("/apikeys/*", "/usageplans/*"), TAGGED, "api_key"),
    Grant("up", "apigateway", "POST", ("/apis",), CREATED_WITH_TAG, "http"),
    Grant("up", "apigateway", "POST PATCH", ("/apis/*",), TAGGED, "http"),
    Grant("up down", "apigateway", "DELETE", ("/apis/*",), TAGGED, "http"),
    Grant("up", "apigateway", "PUT", ("/tags/*",), CREATED_WITH_TAG),
)  # fmt: skip

# For `tags` of config.yaml: changes of the tags of what exists. Those by which the stack owns it are not among them.
_OTHER_TAGS = {"ForAllValues:StringNotLike": {"aws:TagKeys": ["awsprov:*", "Name"]}}
_OTHER_TAGS_OF_OURS = {**TAGGED, **_OTHER_TAGS}
TAG_CHANGES = (
    Grant("up", "ec2", "CreateTags DeleteTags", ("*/*",), _OTHER_TAGS_OF_OURS),
    Grant("up", "elasticfilesystem", "TagResource UntagResource", _EFS, _OTHER_TAGS_OF_OURS),
    Grant("up", "lambda", "TagResource UntagResource", _FUNCTION, _OTHER_TAGS_OF_OURS),
    Grant("up", "logs", "TagResource UntagResource", (*_LOG, *_API_LOG), _OTHER_TAGS_OF_OURS),
    Grant("up", "iam", "UntagRole", ROLE, _OTHER_TAGS),
    Grant("up", "iam", "UntagPolicy", _POLICY, _OTHER_TAGS),
    Grant("up", "iam", "UntagInstanceProfile", _PROFILE, _OTHER_TAGS),
    Grant("up", "iam", "TagPolicy", _POLICY, _OTHER_TAGS),  # also of roles without a boundary
    Grant("up", "apigateway", "DELETE", ("/tags/*",), _OTHER_TAGS),
)
