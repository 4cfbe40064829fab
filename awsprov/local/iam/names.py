"""The resources that a call touches in the services whose requests name them: IAM, Lambda, EFS, logs and others."""

from collections.abc import Callable, Iterator
from typing import Any

from moto.efs.models import efs_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.resource_ref import ResourceRef, arn_of, tags_as_dict
from awsprov.local.wire import ApiCall


def anything(call: ApiCall) -> Iterator[ResourceRef]:
    """Where IAM knows no resource."""
    yield ResourceRef("*", "*")


def iam(call: ApiCall) -> Iterator[ResourceRef]:
    """Roles, policies and profiles, under their paths."""
    params, requested = call.params, tags_as_dict(call.params.get("Tags"))
    policy = params.get("PolicyArn")
    if role := params.get("RoleName"):
        context = {"iam:PolicyARN": str(policy)} if policy else {}
        if call.operation in ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"):
            yield ResourceRef("instance-profile", _profile(params))
            return
        arn = _identity("role", params.get("Path"), role) if call.operation == "CreateRole" else role_arn(role)
        yield ResourceRef("role", arn, requested=requested, context=context)
    elif "InstanceProfileName" in params:
        yield ResourceRef("instance-profile", _profile(params), requested=requested)
    elif policy or "PolicyName" in params:
        yield ResourceRef(
            "policy", policy or _identity("policy", params.get("Path"), params["PolicyName"]), requested=requested
        )
    else:
        yield from anything(call)


def _profile(params: dict[str, Any]) -> str:
    name = params["InstanceProfileName"]
    found = [p.arn for p in iam_backends[ACCOUNT]["aws"].get_instance_profiles() if p.name == name]
    return str(found[0]) if found else _identity("instance-profile", params.get("Path"), name)


def role_arn(name: str) -> str:
    """The ARN of a role, which holds its path."""
    found = [role.arn for role in iam_backends[ACCOUNT]["aws"].get_roles() if role.name == name]
    return str(found[0]) if found else _identity("role", "/", name)


def role_of_profile(given: dict[str, str]) -> str:
    """The role in an instance profile that is given by name or ARN; empty when there is none."""
    name = (given.get("Name") or given.get("Arn") or "").rpartition("/")[2]
    found = [p for p in iam_backends[ACCOUNT]["aws"].get_instance_profiles() if p.name == name and p.roles]
    return str(found[0].roles[0].arn) if found else ""


def _identity(kind: str, path: str | None, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}{path or '/'}{name}"


def lambda_(call: ApiCall) -> Iterator[ResourceRef]:
    """A function, with the version or alias for an invocation."""
    name = str(call.params.get("FunctionName") or call.params.get("Resource") or "").rpartition("function:")[2]
    if not name:
        yield from anything(call)
        return
    qualifier = call.params.get("Qualifier")
    whole = f"{name}:{qualifier}" if call.operation == "Invoke" and qualifier else name
    yield ResourceRef("function", arn_of(call, "lambda", f"function:{whole}"), requested=call.params.get("Tags") or {})


def efs(call: ApiCall) -> Iterator[ResourceRef]:
    """A file system or an access point, with its tags; a mount target stands for its file system."""
    backend, requested = efs_backends[ACCOUNT][call.region], tags_as_dict(call.params.get("Tags"))
    name = _efs_name(backend, call.params)
    if not name:
        everything = call.operation.startswith("Describe")
        yield new(call, "file-system", {}) if everything else ResourceRef("*", "*", requested=requested)
        return
    kind = "access-point" if name.startswith("fsap-") else "file-system"
    tags = tags_as_dict(backend.list_tags_for_resource(name)) if _known(backend, name) else {}
    yield ResourceRef(kind, arn_of(call, "elasticfilesystem", f"{kind}/{name}"), tags, requested)


def _efs_name(backend: Any, params: dict[str, Any]) -> str:
    if target := params.get("MountTargetId"):
        found = backend.mount_targets_by_id.get(target)
        return str(found.file_system_id) if found else "fs-gone"
    return str(params.get("FileSystemId") or params.get("AccessPointId") or params.get("ResourceId") or "")


def _known(backend: Any, name: str) -> bool:
    return name in backend.file_systems_by_id or name in backend.access_points


def new(call: ApiCall, kind: str, requested: Any) -> ResourceRef:
    """One of EFS's kind that is not made yet, or all of them."""
    return ResourceRef(kind, arn_of(call, "elasticfilesystem", f"{kind}/*"), requested=requested)


def logs(call: ApiCall) -> Iterator[ResourceRef]:
    """A log group."""
    name = call.params.get("logGroupName") or str(call.params.get("resourceArn") or "").rpartition("log-group:")[2]
    if not name:
        yield from anything(call)
        return
    group = logs_backends[ACCOUNT][call.region].groups.get(name)
    tags = logs_backends[ACCOUNT][call.region].tagger.get_tag_dict_for_resource(group.arn) if group else {}
    yield ResourceRef("log-group", arn_of(call, "logs", f"log-group:{name}"), tags, call.params.get("tags") or {})


def ssm(call: ApiCall) -> Iterator[ResourceRef]:
    """A parameter; Amazon's own belong to no account."""
    name = str(call.params.get("Name", "")).removeprefix("/")
    arn = arn_of(call, "ssm", f"parameter/{name}")
    yield ResourceRef("parameter", arn.replace(ACCOUNT, "") if name.startswith("aws/") else arn)


def secretsmanager(call: ApiCall) -> Iterator[ResourceRef]:
    """A secret, whose ARN ends in six characters of AWS's choice."""
    yield ResourceRef("secret", arn_of(call, "secretsmanager", f"secret:{call.params.get('SecretId', '')}-AbCdEf"))


def quotas(call: ApiCall) -> Iterator[ResourceRef]:
    """A quota."""
    where = f"{call.params.get('ServiceCode')}/{call.params.get('QuotaCode')}"
    yield ResourceRef("*", arn_of(call, "servicequotas", where))


TOUCHED: dict[str, Callable[[ApiCall], Iterator[ResourceRef]]] = {
    "iam": iam,
    "lambda": lambda_,
    "efs": efs,
    "logs": logs,
    "ssm": ssm,
    "secretsmanager": secretsmanager,
    "service-quotas": quotas,
}
