"""The rules of security groups: their descriptions, and whether they allow traffic.

Nothing else enforces them: mounts of EFS check them.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroupRule

from awsprov.local.cloud import ACCOUNT

NFS = 2049  # the TCP port of EFS


def install() -> None:
    """Replace moto's property. Must be called before moto is used."""
    SecurityGroupRule.description = property(_description)


def _description(rule: Any) -> str | None:
    """Return the description of a rule, which moto returns for address ranges only."""
    peers = (rule.ip_range, rule.source_group)
    return next((peer["Description"] for peer in peers if peer and peer.get("Description")), None)


def allows(sources: Iterable[Any], address: str, targets: Iterable[Any], port: int) -> bool:
    """Return whether security groups allow TCP traffic.

    Arguments:
        sources: moto's security groups of the client.
        address: the client's private IP address.
        targets: moto's security groups of the server.
        port: the server's.
    """
    sources = list(sources)
    ids = {group.id for group in sources}
    egress = opens(sources, port)
    ingress = any(
        _covers(rule, port) and _matches(rule, ids, address) for group in targets for rule in group.ingress_rules
    )
    return egress and ingress


def opens(groups: Iterable[Any], port: int) -> bool:
    """Return whether security groups of moto allow outbound TCP traffic to a port."""
    return any(_covers(rule, port) for group in groups for rule in group.egress_rules)


def groups_of(target: Any) -> list[Any]:
    """Return the security groups of a mount target."""
    ec2 = ec2_backends[ACCOUNT][target._subnet.ec2_backend.region_name]
    return list(ec2.get_network_interface(target.network_interface_id).group_set)


def _covers(rule: Any, port: int) -> bool:
    if rule.ip_protocol == "-1":
        return True
    return rule.ip_protocol == "tcp" and (rule.from_port or 0) <= port <= (rule.to_port or 0)


def _matches(rule: Any, groups: set[str], address: str) -> bool:
    if rule.source_group:
        return rule.source_group.get("GroupId") in groups
    network = rule.ip_range.get("CidrIp")
    return bool(network) and ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
