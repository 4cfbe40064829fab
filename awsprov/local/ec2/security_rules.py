"""Whether the security groups on record would let one thing reach another. Nothing enforces it; mounts ask."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.cloud import ACCOUNT

NFS = 2049


def reaches(sources: Iterable[Any], address: str, targets: Iterable[Any], port: int) -> bool:
    """Whether TCP from an address in the source groups may go out and come in to the target groups.

    The groups are moto's security group objects.
    """
    sources = list(sources)
    ids = {group.id for group in sources}
    out = any(_covers(rule, port) for group in sources for rule in group.egress_rules)
    into = any(_covers(rule, port) and _names(rule, ids, address) for group in targets for rule in group.ingress_rules)
    return out and into


def groups_of(target: Any) -> list[Any]:
    """The security groups around a mount target."""
    ec2 = ec2_backends[ACCOUNT][target._subnet.ec2_backend.region_name]
    return list(ec2.get_network_interface(target.network_interface_id).group_set)


def _covers(rule: Any, port: int) -> bool:
    if rule.ip_protocol == "-1":
        return True
    return rule.ip_protocol == "tcp" and (rule.from_port or 0) <= port <= (rule.to_port or 0)


def _names(rule: Any, groups: set[str], address: str) -> bool:
    if rule.source_group:
        return rule.source_group.get("GroupId") in groups
    network = rule.ip_range.get("CidrIp")
    return bool(network) and ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
