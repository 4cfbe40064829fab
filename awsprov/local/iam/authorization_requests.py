"""The authorization requests of a call: its action on each of its resources, and the actions that it implies."""

import re
from collections.abc import Callable, Iterator
from wsgiref.types import WSGIEnvironment

from awsprov.local.iam import (
    apigateway_resources,
    data_resources,
    dynamodb_resources,
    ec2_resources,
    kms_resources,
    named_resources,
    s3_resources,
)
from awsprov.local.iam.actions import actions_of, has_condition_key
from awsprov.local.iam.conditions import SEPARATOR
from awsprov.local.iam.encryption_requests import encryption_requests
from awsprov.local.iam.evaluation import AuthorizationRequest
from awsprov.local.iam.resource_ref import ActionOnResource, ResourceRef
from awsprov.local.wire import ApiCall

_TAG_ACTIONS = {
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "lambda:CreateFunction": "lambda:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "elasticfilesystem:CreateFileSystem": "elasticfilesystem:TagResource",
    "elasticfilesystem:CreateAccessPoint": "elasticfilesystem:TagResource",
}
# EFS makes these calls of EC2 with the permissions of its caller (EFS API reference, each operation).
EC2_ACTIONS_OF_EFS = {
    "CreateMountTarget": ("DescribeSubnets", "DescribeNetworkInterfaces", "CreateNetworkInterface"),
    "ModifyMountTargetSecurityGroups": ("ModifyNetworkInterfaceAttribute",),
    "DescribeMountTargetSecurityGroups": ("DescribeNetworkInterfaceAttribute",),
    "DeleteMountTarget": ("DeleteNetworkInterface",),
}
_CREATED = {
    "elasticfilesystem:CreateFileSystem": "file-system",
    "elasticfilesystem:CreateAccessPoint": "access-point",
}
# Condition keys that the reference lists without their names, or not for the action.
_UNLISTED_KEYS = ("kms:EncryptionContext:", "ec2-instance-connect:")
# Services whose operations need one action on each resource.
_RESOURCES: dict[str, Callable[[ApiCall], Iterator[ResourceRef]]] = {
    "ec2": ec2_resources.resources,
    "ec2-instance-connect": ec2_resources.tunnel_resources,
    "sqs": data_resources.sqs_resources,
    "sns": data_resources.sns_resources,
    "ssm": data_resources.ssm_resources,
    "bedrock-runtime": data_resources.bedrock_resources,
    "sts": data_resources.sts_resources,
    **named_resources.RESOURCES,
}
# Services with operations that need several actions, each on other resources.
_ACTIONS: dict[str, Callable[[ApiCall], Iterator[ActionOnResource]]] = {
    "s3": s3_resources.actions_on_resources,
    "dynamodb": dynamodb_resources.actions_on_resources,
    "secretsmanager": data_resources.secretsmanager_actions,
    "kms": kms_resources.actions_on_resources,
}


def authorization_requests(call: ApiCall, environ: WSGIEnvironment) -> list[AuthorizationRequest]:
    """Return everything that policies must allow for a call; nothing if the actions of the call are not known."""
    if call.service in _ACTIONS:
        own = [_request(call, action, resource) for action, resource in _ACTIONS[call.service](call)]
        return [*own, *encryption_requests(call)]
    actions = actions_of(call.service, call.operation)
    if not actions:
        return []
    if call.service.startswith("apigateway"):
        resources = apigateway_resources.resources(call, environ["PATH_INFO"])
    else:
        resources = list(_RESOURCES.get(call.service, named_resources.any_resource)(call))
    own = [_request(call, action, resource) for action in actions for resource in resources]
    return [*own, *_implied(call, actions[0], resources)]


def _implied(call: ApiCall, action: str, resources: list[ResourceRef]) -> Iterator[AuthorizationRequest]:
    """Return what a call needs beside its own action: tags, roles that it passes on, and other services' actions."""
    yield from _tag_requests(call, action, resources)
    yield from _pass_role_requests(call, action)
    yield from encryption_requests(call)
    yield from _ec2_requests_of_efs(call)


def _request(call: ApiCall, action: str, resource: ResourceRef) -> AuthorizationRequest:
    context = {"aws:RequestedRegion": call.region, **resource.context}
    context |= {f"aws:RequestTag/{key}": value for key, value in resource.request_tags.items()}
    keys = list(resource.request_tags) or _changed_tags(call)
    context |= {"aws:TagKeys": SEPARATOR.join(keys)} if keys else {}
    context |= {f"aws:ResourceTag/{key}": value for key, value in resource.tags.items()}
    supported = {key: value for key, value in context.items() if _is_set(action, resource.type, key)}
    return AuthorizationRequest(action, resource.arn, supported)


def _is_set(action: str, resource_type: str, key: str) -> bool:
    """Return whether AWS sets a condition key."""
    return key.startswith(_UNLISTED_KEYS) or has_condition_key(action, resource_type, key)


def _changed_tags(call: ApiCall) -> list[str]:
    """Return the keys of the tags that a call about tags only sets or removes."""
    if call.operation in ("CreateTags", "DeleteTags"):
        return [str(tag["Key"]) for tag in call.params.get("Tags") or []]
    return list(call.params.get("TagKeys") or call.params.get("tagKeys") or [])


def _tag_requests(call: ApiCall, action: str, resources: list[ResourceRef]) -> Iterator[AuthorizationRequest]:
    """A call that creates a resource with tags also needs the right to tag it."""
    tagged = [resource for resource in resources if resource.request_tags]
    if call.service == "ec2":
        for resource in tagged:
            with_action = resource.with_context({"ec2:CreateAction": call.operation})
            yield _request(call, "ec2:CreateTags", with_action)
    elif call.service.startswith("apigateway") and tagged:
        arn = re.sub("::/.*", "::/tags/*", tagged[0].arn)
        yield _request(call, "apigateway:PUT", ResourceRef("tags", arn, request_tags=tagged[0].request_tags))
    elif action in _TAG_ACTIONS and tagged:
        created, resource = _CREATED.get(action), tagged[0]
        if created:
            resource = named_resources.new_efs_resource(call, created, tagged[0].request_tags)
            resource = resource.with_context({"elasticfilesystem:CreateAction": call.operation})
        yield _request(call, _TAG_ACTIONS[action], resource)


def _ec2_requests_of_efs(call: ApiCall) -> Iterator[AuthorizationRequest]:
    """A call that changes a mount target also needs permissions of EC2 for its network interface."""
    operations = EC2_ACTIONS_OF_EFS.get(call.operation, ()) if call.service == "efs" else ()
    params = {**call.params, **named_resources.interface_of_mount_target(call)}
    for operation in operations:
        ec2_call = ApiCall("ec2", operation, call.region, params)
        for resource in ec2_resources.resources(ec2_call):
            yield _request(ec2_call, f"ec2:{operation}", resource)


def _pass_role_requests(call: ApiCall, action: str) -> Iterator[AuthorizationRequest]:
    """A call that gives a role to a service needs `iam:PassRole`."""
    role, service = "", ""
    if action in ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"):
        role, service = str(call.params.get("Role") or ""), "lambda.amazonaws.com"
    if action == "iam:AddRoleToInstanceProfile":
        role, service = named_resources.role_arn(str(call.params["RoleName"])), "ec2.amazonaws.com"
    if action == "ec2:RunInstances" and call.params.get("IamInstanceProfile"):
        role, service = named_resources.role_of_profile(call.params["IamInstanceProfile"]), "ec2.amazonaws.com"
    if role:
        yield AuthorizationRequest("iam:PassRole", role, {"iam:PassedToService": service})
