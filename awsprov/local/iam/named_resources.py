"""The resources of calls of the services whose requests name them: IAM, Lambda, EFS, CloudWatch Logs and others."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.efs.models import efs_backends
from moto.logs.models import logs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.identities import profile_named, role_named
from awsprov.local.iam.resource_ref import ANY_RESOURCE, ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall


def any_resource(call: ApiCall) -> Iterator[ResourceRef]:
    """Return `*`, for actions without resources."""
    yield ANY_RESOURCE


def iam_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the role, policy or instance profile of a call, with its path."""
    params, request_tags = call.params, tags_as_dict(call.params.get("Tags"))
    policy = params.get("PolicyArn")
    if "InstanceProfileName" in params:
        yield ResourceRef("instance-profile", _profile_arn(params), request_tags=request_tags)
    elif role := params.get("RoleName"):
        arn = _identity_arn("role", params.get("Path"), role) if call.operation == "CreateRole" else role_arn(role)
        context = {"iam:PolicyARN": str(policy or ""), "iam:PermissionsBoundary": _boundary(call, role)}
        known = {key: value for key, value in context.items() if value}
        yield ResourceRef("role", arn, request_tags=request_tags, context=known)
    elif policy or "PolicyName" in params:
        arn = policy or _identity_arn("policy", params.get("Path"), params["PolicyName"])
        yield ResourceRef("policy", arn, request_tags=request_tags)
    else:
        yield ANY_RESOURCE


def _boundary(call: ApiCall, role_name: str) -> str:
    """Return the permissions boundary that the call sets, or else that the role has; "" if there is none."""
    if call.operation in ("CreateRole", "PutRolePermissionsBoundary"):
        return str(call.params.get("PermissionsBoundary") or "")
    role = role_named(role_name)
    return str(role.permissions_boundary_arn or "") if role else ""


def _profile_arn(params: dict[str, Any]) -> str:
    name = params["InstanceProfileName"]
    profile = profile_named(name)
    return str(profile.arn) if profile else _identity_arn("instance-profile", params.get("Path"), name)


def role_arn(name: str) -> str:
    """Return the ARN of a role, which contains its path."""
    role = role_named(name)
    return str(role.arn) if role else _identity_arn("role", "/", name)


def role_of_profile(profile: Mapping[str, str]) -> str:
    """Return the ARN of the role of an instance profile, or "" if there is none.

    Arguments:
        profile: the `IamInstanceProfile` of a call, with `Name` or `Arn`.
    """
    found = profile_named((profile.get("Name") or profile.get("Arn") or "").rpartition("/")[2])
    return str(found.roles[0].arn) if found and found.roles else ""


def _identity_arn(resource_type: str, path: str | None, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{resource_type}{path or '/'}{name}"


def lambda_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the function of a call, with the version or alias if the call invokes it."""
    name = str(call.params.get("FunctionName") or call.params.get("Resource") or "").rpartition("function:")[2]
    if not name:
        yield ANY_RESOURCE
        return
    qualifier = call.params.get("Qualifier")
    suffix = f":{qualifier}" if call.operation == "Invoke" and qualifier else ""
    arn = arn_of(call, "lambda", f"function:{name}{suffix}")
    tags = _function_tags(call.region, name.partition(":")[0])
    yield ResourceRef("function", arn, tags, call.params.get("Tags") or {})


def _function_tags(region: str, name: str) -> dict[str, str]:
    """Return the tags of a function, which are those of its versions and aliases; none if it does not exist."""
    functions = lambda_backends[ACCOUNT][region].list_functions()
    return next((dict(function.tags or {}) for function in functions if function.function_name == name), {})


def efs_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the file system or access point of a call; the resource of a mount target is its file system."""
    backend, request_tags = efs_backends[ACCOUNT][call.region], tags_as_dict(call.params.get("Tags"))
    resource_id = _efs_id(backend, call.params)
    if not resource_id:
        is_listing = call.operation.startswith("Describe")
        yield (
            new_efs_resource(call, "file-system", {})
            if is_listing
            else ResourceRef("*", "*", request_tags=request_tags)
        )
        return
    resource_type = "access-point" if resource_id.startswith("fsap-") else "file-system"
    exists = resource_id in backend.file_systems_by_id or resource_id in backend.access_points
    tags = tags_as_dict(backend.list_tags_for_resource(resource_id)) if exists else {}
    arn = arn_of(call, "elasticfilesystem", f"{resource_type}/{resource_id}")
    yield ResourceRef(resource_type, arn, tags, request_tags)


def _efs_id(backend: Any, params: dict[str, Any]) -> str:
    if target_id := params.get("MountTargetId"):
        target = backend.mount_targets_by_id.get(target_id)
        return str(target.file_system_id) if target else "fs-unknown"
    return str(params.get("FileSystemId") or params.get("AccessPointId") or params.get("ResourceId") or "")


def interface_of_mount_target(call: ApiCall) -> dict[str, str]:
    """Return the network interface of the mount target of a call, as a parameter of EC2; empty if there is none."""
    target = efs_backends[ACCOUNT][call.region].mount_targets_by_id.get(call.params.get("MountTargetId", ""))
    return {"NetworkInterfaceId": str(target.network_interface_id)} if target else {}


def new_efs_resource(call: ApiCall, resource_type: str, request_tags: Mapping[str, str]) -> ResourceRef:
    """Return a reference to a resource of EFS that the call creates, or to all resources of the type."""
    return ResourceRef(
        resource_type, arn_of(call, "elasticfilesystem", f"{resource_type}/*"), request_tags=request_tags
    )


def logs_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the log group of a call.

    Its ARN ends in `:*`, except for the actions on tags (CloudWatch Logs user guide, "CloudWatch Logs resources and
    operations").
    """
    name = call.params.get("logGroupName") or str(call.params.get("resourceArn") or "").rpartition("log-group:")[2]
    if not name:
        yield ANY_RESOURCE
        return
    backend = logs_backends[ACCOUNT][call.region]
    group = backend.groups.get(name)
    tags = backend.tagger.get_tag_dict_for_resource(group.arn) if group else {}
    suffix = "" if "resourceArn" in call.params else ":*"
    arn = arn_of(call, "logs", f"log-group:{name}{suffix}")
    yield ResourceRef("log-group", arn, tags, call.params.get("tags") or {})


def quota_resources(call: ApiCall) -> Iterator[ResourceRef]:
    """Return the service quota of a call."""
    quota = f"{call.params.get('ServiceCode')}/{call.params.get('QuotaCode')}"
    yield ResourceRef("*", arn_of(call, "servicequotas", quota))


RESOURCES: dict[str, Callable[[ApiCall], Iterator[ResourceRef]]] = {
    "iam": iam_resources,
    "lambda": lambda_resources,
    "efs": efs_resources,
    "logs": logs_resources,
    "service-quotas": quota_resources,
}
