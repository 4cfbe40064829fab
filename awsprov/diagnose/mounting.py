"""Checks from the function to its libraries: network interfaces, NFS port, access point."""

from functools import partial
from typing import Any

from awsprov.aws.errors import ClientError, error_code
from awsprov.diagnose.context import RUN_UP, Context, failure
from awsprov.iam.policy_meaning import allowed
from awsprov.operations.checks import CheckResult
from awsprov.operations.file_system_policy import OWNER_OF_POLICY, mount_denials
from awsprov.resources.identity.existing import ExistingRole
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.network.lambda_interfaces import lambda_interfaces
from awsprov.resources.network.nfs_rules import NFS, applies_to, covers_nfs
from awsprov.resources.storage.existing import ExistingFileSystem
from awsprov.resources.storage.file_system import MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy


def network_interfaces(context: Context) -> CheckResult:
    """Check that the live version is in a VPC and that Lambda has network interfaces for it there."""
    if not context.subnets:
        raise failure(f"Version {context.version} is not in a VPC: it cannot reach the file system.")
    _subnets(context)
    if context.live.get("State") == "Inactive":
        return CheckResult("ok", "none: Lambda deletes those of an idle function and creates them at the next request")
    interfaces = [each for group in context.groups for each in lambda_interfaces(context.aws, "group-id", group)]
    in_use = [each for each in interfaces if each["Status"] == "in-use"]
    if not {each["SubnetId"] for each in in_use} & set(context.subnets):
        raise failure(
            f"Lambda has no network interface in {', '.join(context.subnets)} with {', '.join(context.groups)}.",
            "The role may lack ec2:CreateNetworkInterface, or the subnets free addresses. " + RUN_UP,
        )
    ids = [each["NetworkInterfaceId"] for each in in_use if each["SubnetId"] in context.subnets]
    return CheckResult("ok", f"{', '.join(ids)} in use")


def port(context: Context) -> CheckResult:
    """Check each zone of the function for a mount target, and that the security groups allow NFS between the two."""
    context.require([context.file_system])
    mount_targets = MountTarget.list_on(context.aws, context.file_system.id)
    by_zone = {target["AvailabilityZoneId"]: target for target in mount_targets}
    found = []
    for subnet in _subnets(context):
        zone = subnet["AvailabilityZoneId"]
        target = by_zone.get(zone)
        if not target or target["LifeCycleState"] != "available":
            state = f"is {target['LifeCycleState']}" if target else "does not exist"
            raise failure(f"The mount target of {context.file_system.id} in zone {zone} {state}.")
        _check_port(context, subnet, target["MountTargetId"])
        found.append(f"{target['MountTargetId']} in {zone}")
    return CheckResult("ok", f"open from {', '.join(context.groups)} to {', '.join(found)}")


def access_point(context: Context) -> CheckResult:
    """Check that the access point that the live version mounts exists and that its role may mount it."""
    mounts = context.live.get("FileSystemConfigs", [])
    if not mounts:
        raise failure(f"Version {context.version} does not mount a file system.")
    point = mounts[0]["Arn"].rpartition("/")[2]
    found = _access_point(context, point)
    if not found or found["LifeCycleState"] != "available":
        state = f"is {found['LifeCycleState']}" if found else "does not exist"
        raise failure(f"Access point {point}, which version {context.version} mounts, {state}.")
    if found["FileSystemId"] != context.file_system.id:
        raise failure(f"Access point {point} is of {found['FileSystemId']}, not of {context.file_system.id}.")
    _check_role_policy(context)
    _check_file_system_policy(context)
    path = f"{context.file_system.id}{found['RootDirectory']['Path']}"
    return CheckResult("ok", f"{point} is {path}; {context.function.role.id} may mount it")


def _subnets(context: Context) -> list[Any]:
    try:
        return list(context.aws.ec2.describe_subnets(SubnetIds=context.subnets)["Subnets"])
    except ClientError as error:
        if error_code(error) != "InvalidSubnetID.NotFound":
            raise
        raise failure(f"Version {context.version} is in a subnet that does not exist: {error}") from error


def _check_port(context: Context, subnet: Any, target: str) -> None:
    target_groups = context.aws.efs.describe_mount_target_security_groups(MountTargetId=target)["SecurityGroups"]
    found = context.aws.ec2.describe_security_groups(GroupIds=[*{*context.groups, *target_groups}])["SecurityGroups"]
    groups: dict[str, Any] = {group["GroupId"]: group for group in found}
    outbound = [rule for group in context.groups for rule in groups[group]["IpPermissionsEgress"]]
    if not any(covers_nfs(rule) for rule in outbound):
        raise failure(
            f"The function's security group {', '.join(context.groups)} does not allow outbound TCP port {NFS}."
        )
    inbound = [rule for group in target_groups for rule in groups[group]["IpPermissions"]]
    if not any(covers_nfs(rule) and applies_to(rule, context.groups, subnet["CidrBlock"]) for rule in inbound):
        raise failure(
            f"Security group {', '.join(target_groups)} of mount target {target} does not allow inbound TCP port {NFS} "
            f"from {', '.join(context.groups)}. Functions fail with EFSMountConnectivityException."
        )


def _access_point(context: Context, point: str) -> Any:
    response = none_if_missing(
        partial(context.aws.efs.describe_access_points, AccessPointId=point), missing=["AccessPointNotFound"]
    )
    return next(iter(response["AccessPoints"]), None) if response else None


def _check_role_policy(context: Context) -> None:
    """Check that the role has the policy that lets it mount the file system; further statements do not matter."""
    role = context.function.role
    if isinstance(role, ExistingRole):
        return  # `awsprov doctor` simulates it
    policy = role.policy
    if not policy.id or policy.id not in role.read(context.aws)["policies"]:
        raise failure(f"{role.id} lacks the policy that lets it mount {context.file_system.id}.")
    has, wants = (values["statements"] for values in (policy.read(context.aws), policy.wanted(context.aws)))
    if not all(statement in has for statement in wants if statement.get("Sid") == "Mount"):
        raise failure(f"{policy.id} does not let {role.id} mount {context.file_system.id}.")


def _check_file_system_policy(context: Context) -> None:
    """Check that the file system's policy lets the role mount it; further statements do not matter."""
    for system in context.stack.of(ExistingFileSystem):
        denied, _ = mount_denials(system, context.stack, context.aws)
        if denied:
            raise failure(f"The policy of {system.id} denies it: {'; '.join(denied)}.", OWNER_OF_POLICY)
        return
    policy = context.stack.of(FileSystemPolicy)[0]
    if not policy.id:
        return  # without a policy EFS does not check permissions
    role = context.function.role.arn(context.aws)
    has, wants = (values["document"]["Statement"] for values in (policy.read(context.aws), policy.wanted(context.aws)))
    if not allowed(wants, role) <= allowed(has, role):
        raise failure(f"The policy of {context.file_system.id} does not let {context.function.role.id} mount it.")
