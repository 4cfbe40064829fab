"""The IpPermissions of EC2, of which the rules of security groups consist."""

from collections.abc import Iterable
from typing import Any

IpPermissions = dict[str, dict[str, Any]]
PEERS = {  # by the member of a permission, the member of a peer in it
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


def tcp(port: int) -> dict[str, Any]:
    """Return the protocol and the ports of a permission for a TCP port."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}


def by_text(permissions: Iterable[dict[str, Any]]) -> IpPermissions:
    """Return EC2's permissions, split to one peer each, by the text that plans show: `tcp/2049 sg-1`."""
    found: IpPermissions = {}
    for permission in permissions:
        ports: dict[str, Any] = {
            key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission
        }
        if ports["IpProtocol"] == "-1":
            ports = {"IpProtocol": "-1"}
        for member, peer in PEERS.items():
            for source in permission.get(member, []):
                range_ = {key: source[key] for key in (peer, "Description") if key in source}
                found[f"{_ports(ports)} {source[peer]}"] = {**ports, member: [range_]}
    return found


def _ports(ports: dict[str, Any]) -> str:
    first, last = ports.get("FromPort"), ports.get("ToPort")
    if ports["IpProtocol"] == "-1":
        return "all"
    return f"{ports['IpProtocol']}/{first}" if first == last else f"{ports['IpProtocol']}/{first}-{last}"
