"""Whether rules of security groups allow NFS, as functions and builder use it to reach the file system."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

NFS = 2049


def covers_nfs(rule: Any) -> bool:
    """Return whether a rule, as EC2 describes it, covers TCP port 2049."""
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and bool(rule["FromPort"] <= NFS <= rule["ToPort"])


def applies_to(rule: Any, groups: Iterable[str], network: str) -> bool:
    """Return whether a rule applies to one of these security groups, or to the whole of a network."""
    if {pair["GroupId"] for pair in rule.get("UserIdGroupPairs", [])} & set(groups):
        return True
    ranges = [ip_network(each["CidrIp"]) for each in rule.get("IpRanges", [])]
    return any(ip_network(network).subnet_of(each) for each in ranges)  # type: ignore[arg-type]  # IPv4, both
