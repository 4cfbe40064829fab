"""How another machine mounts the stack's file system: read-only, with TLS and IAM, as the functions do."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.stack import Stack
from awsprov.resources.function.function import Function
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.storage.existing import ExistingMountTarget
from awsprov.resources.storage.file_system import AccessPoint, MountTarget

MOUNT_POINT = "/mnt/efs"


@dataclass(frozen=True)
class MountInstructions:
    """How a second machine mounts the file system.

    Arguments:
        file_system: its ID.
        access_point: the ID of the functions' access point.
        security_group: the ID of the security group that may connect to the file system.
        vpc: the ID of the VPC that the machine is in.
        zones: the zones that have a mount target.
        statement: the statement for a policy of the machine's role.
    """

    file_system: str
    access_point: str
    security_group: str
    vpc: str
    zones: tuple[str, ...]
    statement: Mapping[str, Any]

    @property
    def commands(self) -> list[str]:
        """The commands for the machine, for Amazon Linux 2023.

        The mount helper finds the mount target of the machine's own zone (efs-utils README, "Usage").
        """
        options = f"tls,iam,ro,accesspoint={self.access_point}"
        mount = ["sudo", "mount", "-t", "efs", "-o", options, f"{self.file_system}:/", MOUNT_POINT]
        return ["sudo dnf install -y amazon-efs-utils", f"sudo mkdir -p {MOUNT_POINT}", shlex.join(mount)]


def mount_instructions(stack: Stack, aws: Aws) -> MountInstructions:
    """Return how a second machine mounts the file system of a stack, whose resources have been found."""
    (point,) = (each for each in stack.of(AccessPoint) if each.name == "function-access-point")
    (group,) = (each for each in stack.of(SecurityGroup) if each.name == "function-security-group")
    targets = [each.describe_cached(aws) for each in stack.of(MountTarget) if each.id]
    targets += [each.describe(aws) for each in stack.of(ExistingMountTarget) if each.id]
    admitted = stack.of(Function)[0].groups if stack.of(ExistingMountTarget) else ()
    return MountInstructions(
        file_system=point.file_system.id,
        access_point=point.id,
        security_group=next(iter(admitted), group).id,
        vpc=group.vpc.id,
        zones=tuple(sorted(str(target["AvailabilityZoneName"]) for target in targets)),
        statement=point.mount_statement(aws, write=False),
    )
