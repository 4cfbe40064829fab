"""The authorization requests of a call: its action on each of its resources, and the actions that it implies."""

import re
from collections.abc import Callable, Iterator
from wsgiref.types import WSGIEnvironment

from awsprov.local.iam import apigateway_resources, ec2_resources, named_resources
from awsprov.local.iam.actions import action_of, has_condition_key
from awsprov.local.iam.evaluation import SEPARATOR, AuthorizationRequest
from awsprov.local.iam.kms_requests import kms_requests
from awsprov.local.iam.resource_ref import ResourceRef, tags_as_dict
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
_RESOURCES: dict[str, Callable[[ApiCall], Iterator[ResourceRef]]] = {
    "ec2": ec2_resources.resources,
    **named_resources.RESOURCES,
}


def authorization_requests(call: ApiCall, environ: WSGIEnvironment) -> Iterator[AuthorizationRequest]:
    """Return everything that policies must allow for a call."""
    if call.service.startswith("apigateway"):
        resources = apigateway_resources.resources(call, environ["PATH_INFO"])
    else:
        resources = list(_RESOURCES.get(call.service, named_resources.any_resource)(call))
    action = action_of(call.service, call.operation)
    yield from (_request(call, action, resource) for resource in resources)
    yield from _tag_requests(call, action, resources)
    yield from _pass_role_requests(call, action)
    yield from kms_requests(call)
    yield from _ec2_requests_of_efs(call)


def _request(call: ApiCall, action: str, resource: ResourceRef) -> AuthorizationRequest:
    context = {"aws:RequestedRegion": call.region, **resource.context}
    context |= {f"aws:RequestTag/{key}": value for key, value in resource.request_tags.items()}
    keys = resource.request_tags or tags_as_dict(call.params.get("Tags") if call.operation == "CreateTags" else ())
    context |= {"aws:TagKeys": SEPARATOR.join(keys)} if keys else {}
    context |= {f"aws:ResourceTag/{key}": value for key, value in resource.tags.items()}
    supported = {key: value for key, value in context.items() if has_condition_key(action, resource.type, key)}
    return AuthorizationRequest(action, resource.arn, supported)


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
