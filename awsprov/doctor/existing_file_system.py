"""Checks of an existing file system: everything that would fail half-way through `up`. They only read."""

from collections.abc import Iterator
from typing import Any

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.errors import UsageError
from awsprov.operations.checks import CheckResult
from awsprov.operations.file_system_policy import OWNER_OF_POLICY, mount_denials
from awsprov.resources.network.existing import describe_subnets
from awsprov.resources.network.nfs_rules import applies_to, covers_nfs
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.storage.existing import ExistingFileSystem, describe_file_system
from awsprov.resources.storage.file_system import MountTarget


def file_system(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that it exists, with mount targets in the zones of the functions, which NFS of theirs reaches."""
    id_ = str(config.file_system)
    found = describe_file_system(aws, id_)
    if not found:
        raise UsageError(f"`file_system`: {id_} does not exist in {aws.region}.", remedy="Correct `file_system`.")
    problems = list(_problems(aws, config, found))
    if problems:
        remedy = "Name a file system, subnets and groups that fit, or have the owner of the file system change that."
        raise UsageError(f"`file_system`: {id_}: {'; '.join(problems)}.", remedy=remedy)
    return CheckResult("ok", f"{id_}, with the libraries in {config.library_directory}")


def _problems(aws: Aws, config: Config, system: dict[str, Any]) -> Iterator[str]:
    if system["LifeCycleState"] not in ("available", "updating"):
        yield f"it is {system['LifeCycleState']}"
    subnets = describe_subnets(aws, config.network.subnets)
    targets = MountTarget.list_on(aws, str(config.file_system))
    vpcs = {str(each["VpcId"]) for each in subnets.values()}
    theirs = {str(each["VpcId"]) for each in targets}
    if targets and vpcs and not theirs & vpcs:
        yield f"its mount targets are in {', '.join(sorted(theirs))}, and the subnets in {', '.join(sorted(vpcs))}"
        return
    for id_, subnet in subnets.items():
        zone = subnet["AvailabilityZone"]
        target = next((each for each in targets if each["AvailabilityZoneName"] == zone), None)
        if target is None:
            yield f"it has no mount target in {zone}, the zone of {id_}"
        elif target["LifeCycleState"] != "available":
            yield f"its mount target in {zone} is {target['LifeCycleState']}"
        else:
            yield from _closed(aws, config, target, subnet)


def _closed(aws: Aws, config: Config, target: dict[str, Any], subnet: dict[str, Any]) -> Iterator[str]:
    """Yield why functions in a subnet, or the builder, do not reach a mount target."""
    theirs = aws.efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])["SecurityGroups"]
    found = [group for id_ in theirs for group in SecurityGroup.describe_all(aws, ("group-id", id_))]
    rules = [rule for group in found for rule in group["IpPermissions"] if covers_nfs(rule)]
    builder = describe_subnets(aws, [config.builder.subnet or config.network.subnets[0]]).values()
    networks = {str(each["CidrBlock"]) for each in (subnet, *builder)}
    groups = config.network.groups
    if not all(any(applies_to(rule, groups, network) for rule in rules) for network in networks):
        name = " or ".join(groups) if groups else "one of `network.groups`, which is empty,"
        their = ", ".join(theirs)
        yield f"{their} of its mount target {target['MountTargetId']} does not allow {name} on TCP port 2049"


def policy(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that its policy does not deny the stack's roles to mount it."""
    (system,) = stack.of(ExistingFileSystem)
    if not describe_file_system(aws, system.file_system):
        return CheckResult("skipped", f"{system.file_system} does not exist")
    denied, perhaps = mount_denials(system, stack, aws)
    if denied:
        what = f"The policy of {system.file_system} denies what this stack does: {'; '.join(denied)}."
        raise UsageError(what, remedy=OWNER_OF_POLICY)
    if perhaps:
        why = "conditions that cannot be judged from here"
        return CheckResult("warning", f"it may deny, by {why}: {'; '.join(perhaps)}", OWNER_OF_POLICY)
    return CheckResult("ok", "it denies nothing that the stack's roles do")


CHECKS = {"existing file system": file_system, "file system policy": policy}
