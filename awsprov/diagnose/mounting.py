"""From the function to its libraries: its network interfaces, the way to the file system, the door into it."""

from collections.abc import Iterable
from functools import partial
from ipaddress import ip_network
from typing import Any

from awsprov.aws.errors import ClientError, error_code
from awsprov.diagnose.context import UP, BrokenLinkError, Case
from awsprov.resources.missing_ok import none_if_missing
from awsprov.resources.network.lambda_interfaces import of_lambda
from awsprov.resources.storage.file_system import MountTarget
from awsprov.resources.storage.file_system_policy import FileSystemPolicy

NFS = 2049


def interfaces(case: Case) -> str:
    """The live version is in a VPC, and Lambda holds interfaces for it there."""
    if not case.subnets:
        raise BrokenLinkError(f"Version {case.version} is in no VPC: it cannot reach the file system.")
    _subnets(case)
    if case.live.get("State") == "Inactive":
        return "none while it is idle for weeks; Lambda makes them for the next call"
    held = [i for group in case.groups for i in of_lambda(case.aws, "group-id", group) if i["Status"] == "in-use"]
    where = {interface["SubnetId"] for interface in held}
    if not where & set(case.subnets):
        raise BrokenLinkError(
            f"Lambda holds no interface in {', '.join(case.subnets)} with {', '.join(case.groups)}.",
            "Its role may lack ec2:CreateNetworkInterface, or the subnets free addresses. " + UP,
        )
    return f"{', '.join(i['NetworkInterfaceId'] for i in held if i['SubnetId'] in case.subnets)} in use"


def port(case: Case) -> str:
    """In each zone of the function there is a mount target, and NFS may go out of the one and come in to the other."""
    case.must_stand([case.file_system])
    targets = {target["AvailabilityZoneId"]: target for target in MountTarget.listed_on(case.aws, case.file_system.id)}
    found = []
    for subnet in _subnets(case):
        zone = subnet["AvailabilityZoneId"]
        target = targets.get(zone)
        if not target or target["LifeCycleState"] != "available":
            state = f"is {target['LifeCycleState']}" if target else "is not there"
            raise BrokenLinkError(f"The mount target of {case.file_system.id} in zone {zone} {state}.")
        _passes(case, subnet, target["MountTargetId"])
        found.append(f"{target['MountTargetId']} in {zone}")
    return f"open from {', '.join(case.groups)} to {', '.join(found)}"


def access_point(case: Case) -> str:
    """The live version mounts an access point that is there, and its role may do so."""
    mounts = case.live.get("FileSystemConfigs", [])
    if not mounts:
        raise BrokenLinkError(f"Version {case.version} mounts no file system.")
    point = mounts[0]["Arn"].rpartition("/")[2]
    seen = _access_point(case, point)
    if not seen or seen["LifeCycleState"] != "available":
        state = seen["LifeCycleState"] if seen else "gone"
        raise BrokenLinkError(f"Access point {point}, which version {case.version} mounts, is {state}.")
    if seen["FileSystemId"] != case.file_system.id:
        raise BrokenLinkError(f"Access point {point} leads to {seen['FileSystemId']}, not to {case.file_system.id}.")
    _may_mount(case)
    _let_in(case)
    where = f"{case.file_system.id}{seen['RootDirectory']['Path']}"
    return f"{point} leads to {where}, and {case.function.role.id} may mount it"


def _subnets(case: Case) -> list[Any]:
    try:
        return list(case.aws.ec2.describe_subnets(SubnetIds=case.subnets)["Subnets"])
    except ClientError as error:
        if error_code(error) != "InvalidSubnetID.NotFound":
            raise
        raise BrokenLinkError(f"Version {case.version} is in a subnet that is gone: {error}") from error


def _passes(case: Case, subnet: Any, target: str) -> None:
    theirs = case.aws.efs.describe_mount_target_security_groups(MountTargetId=target)["SecurityGroups"]
    found = case.aws.ec2.describe_security_groups(GroupIds=[*{*case.groups, *theirs}])["SecurityGroups"]
    groups: dict[str, Any] = {group["GroupId"]: group for group in found}
    out = [rule for group in case.groups for rule in groups[group]["IpPermissionsEgress"]]
    if not any(_covers(rule) for rule in out):
        raise BrokenLinkError(f"{', '.join(case.groups)}, the function's, lets nothing out to TCP port {NFS}.")
    into = [rule for group in theirs for rule in groups[group]["IpPermissions"]]
    if not any(_covers(rule) and _names(rule, case.groups, subnet["CidrBlock"]) for rule in into):
        raise BrokenLinkError(
            f"{', '.join(theirs)}, around mount target {target}, does not let {', '.join(case.groups)} in "
            f"on TCP port {NFS}. Functions fail with EFSMountConnectivityException."
        )


def _covers(rule: Any) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and bool(rule["FromPort"] <= NFS <= rule["ToPort"])


def _names(rule: Any, groups: Iterable[str], network: str) -> bool:
    """Whether a rule is for one of these groups, or for the whole of a network."""
    if {pair["GroupId"] for pair in rule.get("UserIdGroupPairs", [])} & set(groups):
        return True
    ranges = [ip_network(each["CidrIp"]) for each in rule.get("IpRanges", [])]
    return any(ip_network(network).subnet_of(each) for each in ranges)  # type: ignore[arg-type]  # IPv4, both


def _access_point(case: Case, point: str) -> Any:
    answer = none_if_missing(
        partial(case.aws.efs.describe_access_points, AccessPointId=point), missing=["AccessPointNotFound"]
    )
    return next(iter(answer["AccessPoints"]), None) if answer else None


def _may_mount(case: Case) -> None:
    """The role has the policy that allows it; more than that is no harm."""
    role, policy = case.function.role, case.function.role.policy
    if not policy.id or policy.id not in role.read(case.aws)["policies"]:
        raise BrokenLinkError(f"{role.id} lacks the policy that lets it mount {case.file_system.id}.")
    has, wants = (values["statements"] for values in (policy.read(case.aws), policy.wanted(case.aws)))
    if not all(statement in has for statement in wants if statement.get("Sid") == "Mount"):
        raise BrokenLinkError(f"{policy.id} does not let {role.id} mount {case.file_system.id}.")


def _let_in(case: Case) -> None:
    """The file system's own policy has what lets the function's role in; more than that is no harm."""
    policy = case.stack.of(FileSystemPolicy)[0]
    if not policy.id:
        return  # without a policy EFS asks IAM nothing
    role = case.function.role.arn(case.aws)
    has, wants = (values["document"]["Statement"] for values in (policy.read(case.aws), policy.wanted(case.aws)))
    ours = [statement for statement in wants if statement["Principal"].get("AWS") == role]
    if not all(statement in has for statement in ours):
        raise BrokenLinkError(f"The policy of {case.file_system.id} does not let {case.function.role.id} mount it.")
