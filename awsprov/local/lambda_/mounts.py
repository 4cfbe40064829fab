"""Whether a function's network lets it reach the file systems that it is configured to mount.

On AWS a new execution environment mounts them from the function's subnets, over TCP 2049: what blocks that is an answer
to the invocation (Lambda developer guide, troubleshooting of EFS mounts). Here directories are just there, so the
rules on record are asked.
"""

import ipaddress
from typing import Any

from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.ec2.security_rules import NFS, groups_of, reaches
from awsprov.local.efs import storage
from awsprov.local.lambda_.sandbox import Spec


class NoConnectionError(Exception):
    """A mount target cannot be reached; the message says which access point wanted it."""


def check(spec: Spec) -> None:
    """Look whether a new worker of this function could mount everything.

    Raises:
        NoConnectionError: a subnet's zone has no mount target, or a security group is in the way.
        MountFailure: there is no such access point.
    """
    for arn, _ in spec.mounts:
        file_system = storage.find(arn).file_system_id
        for subnet in spec.subnets:
            if not _connects(spec, subnet, file_system):
                raise NoConnectionError(arn)


def _connects(spec: Spec, subnet_id: str, file_system: str) -> bool:
    ec2 = ec2_backends[ACCOUNT][spec.region]
    subnet = ec2.get_subnet(subnet_id)
    target = _target(spec.region, file_system, subnet.availability_zone)
    groups = [ec2.get_security_group_from_id(group) for group in spec.groups]
    address = str(next(ipaddress.ip_network(subnet.cidr_block).hosts()))
    return target is not None and reaches([g for g in groups if g], address, groups_of(target), NFS)


def _target(region: str, file_system: str, zone: str) -> Any:
    """The file system's mount target in a zone."""
    efs: Any = efs_backends[ACCOUNT][region]
    usable = filter(efs.usable, list(efs.mount_targets_by_id.values()))
    return next((t for t in usable if (t.file_system_id, t.availability_zone_name) == (file_system, zone)), None)
