"""Whether a function's network lets it reach the file systems that it is configured to mount.

On AWS a new execution environment mounts them from the function's subnets, over TCP port 2049. If that is blocked, the
invocation fails (Lambda developer guide, "Troubleshoot execution issues", EFS). Here the directories can always be
reached, so the recorded security groups and mount targets are checked instead.
"""

import ipaddress
from typing import Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.ec2.security_rules import NFS, allows, groups_of
from awsprov.local.efs import storage
from awsprov.local.iam.identities import role_with_arn
from awsprov.local.lambda_.sandbox import WorkerConfig


class NoConnectionError(Exception):
    """A mount target cannot be reached; the message is the access point's ARN."""


def check(config: WorkerConfig) -> None:
    """Check that a new worker could mount all its file systems.

    Raises:
        NoConnectionError: a subnet's zone has no mount target, or a security group blocks port 2049.
        MountError: the access point does not exist, or EFS does not let the role mount the file system, or not yet.
    """
    role = role_with_arn(config.role)
    for arn, _ in config.mounts:
        file_system, efs = storage.find(arn).file_system_id, efs_backends[ACCOUNT][config.region]
        permitted = efs.permits(file_system, role, arn.rpartition("/")[2], tls=True)
        if not permitted or not efs.admits(file_system, config.role):
            raise storage.MountError("access denied by server")
        for subnet in config.subnets:
            if not _connects(config, subnet, file_system):
                raise NoConnectionError(arn)


def _connects(config: WorkerConfig, subnet_id: str, file_system: str) -> bool:
    ec2 = ec2_backends[ACCOUNT][config.region]
    subnet = ec2.get_subnet(subnet_id)
    target = _mount_target(config.region, file_system, subnet.availability_zone)
    groups = [ec2.get_security_group_from_id(group) for group in config.groups]
    address = str(next(ipaddress.ip_network(subnet.cidr_block).hosts()))
    return target is not None and allows([group for group in groups if group], address, groups_of(target), NFS)


def _mount_target(region: str, file_system: str, zone: str) -> Any:
    efs: Any = efs_backends[ACCOUNT][region]
    usable = filter(efs.usable, list(efs.mount_targets_by_id.values()))
    return next((t for t in usable if (t.file_system_id, t.availability_zone_name) == (file_system, zone)), None)
