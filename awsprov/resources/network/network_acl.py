"""The network ACL of the stack's subnets: the traffic that may enter or leave them, whatever security groups allow.

Network ACLs are stateless: the responses to allowed requests must be allowed, too. They do not filter traffic to the
DNS resolver, the time server and the instance metadata service (Amazon VPC user guide, network ACLs).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.resources.described import LISTED_WITHIN
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.vpc import ANYWHERE, Vpc

Side = Literal["ingress", "egress"]
_ICMP, _TCP, _ALL = "1", "6", "-1"
_LAST_RULE = 32767  # AWS's own rule, which denies what no other rule allows
# The ports on which responses arrive: all that a client may use, without 3389, a server's (Remote Desktop).
_RESPONSES = ((1024, 3388), (3390, 65535))
# The ICMP type and code of "fragmentation needed". Without these messages from routers, connections over a path with a
# smaller MTU hang: the sender never learns of it (Amazon VPC user guide, "Network ACLs and Path MTU Discovery").
_FRAGMENTATION_NEEDED = (3, 4)


@dataclass(frozen=True)
class AclEntry:
    """A rule that allows traffic.

    Arguments:
        peer: the address range on the other side.
        ports: the first and the last TCP port; None for ICMP and for all traffic.
        icmp: the type and the code of ICMP messages; None for TCP and for all traffic.
    """

    peer: str
    ports: tuple[int, int] | None = None
    icmp: tuple[int, int] | None = None

    def text(self) -> str:
        """Return the rule as plans show it: `tcp/443 0.0.0.0/0`."""
        return _text(self.parameters())

    def parameters(self) -> dict[str, Any]:
        """Return the rule's parameters for EC2."""
        rule: dict[str, Any] = {"Protocol": _ALL, "RuleAction": "allow", "CidrBlock": self.peer}
        if self.ports:
            rule |= {"Protocol": _TCP, "PortRange": {"From": self.ports[0], "To": self.ports[1]}}
        if self.icmp:
            rule |= {"Protocol": _ICMP, "IcmpTypeCode": {"Type": self.icmp[0], "Code": self.icmp[1]}}
        return rule


@dataclass(eq=False, repr=False)
class NetworkAcl(Ec2Resource):
    """A network ACL, with which the subnets of the stack are associated, restricted to what the stack needs.

    Within the VPC all traffic is allowed: security groups decide there. It is used in place of the VPC's default one,
    which has no tags, so that policies could not name it.

    Arguments:
        vpc: the VPC.
        ssh_from: the address range from which SSH is allowed.
        egress_ports: the TCP ports of outbound connections.
    """

    vpc: Vpc
    ssh_from: str
    egress_ports: tuple[int, ...]

    resource_type = "network-acl"
    describe_method = "describe_network_acls"
    result_key = "NetworkAcls"
    id_key = "NetworkAclId"
    immutable = frozenset({"vpc"})

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_network_acl(
            VpcId=self.vpc.id, ClientToken=self.token, TagSpecifications=self.tag_specifications(aws)
        )
        return response["NetworkAcl"]["NetworkAclId"]

    def entries(self) -> dict[Side, dict[int, AclEntry]]:
        """Return its rules, by side and number."""
        inside = AclEntry(self.vpc.cidr)
        responses = (AclEntry(ANYWHERE, ports) for ports in _RESPONSES)
        fragmentation = AclEntry(ANYWHERE, icmp=_FRAGMENTATION_NEEDED)
        ingress = [inside, AclEntry(self.ssh_from, (22, 22)), *responses, fragmentation]
        egress = [
            inside,
            AclEntry(self.ssh_from, (1024, 65535)),
            *(AclEntry(ANYWHERE, (port, port)) for port in self.egress_ports),
        ]
        return {"ingress": _numbered(ingress), "egress": _numbered(egress)}

    def read(self, aws: Aws) -> Values:
        acl = self.describe_cached(aws)
        return {"vpc": acl["VpcId"], **{side: _texts(rules) for side, rules in _sides(acl).items()}}

    def wanted(self, aws: Aws) -> Values:
        texts: Values = {
            side: [f"{number} {entry.text()}" for number, entry in entries.items()]
            for side, entries in self.entries().items()
        }
        return {"vpc": self.vpc.id, **texts}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Create missing rules before deleting others, so that wanted traffic is never blocked."""
        has = _sides(self.describe_existing(aws))
        for side, wants in self.entries().items():
            for number, entry in wants.items():
                if number not in has[side]:
                    aws.ec2.create_network_acl_entry(**self._rule(side, number), **entry.parameters())
                elif _text(has[side][number]) != entry.text():
                    aws.ec2.replace_network_acl_entry(**self._rule(side, number), **entry.parameters())
            for number in set(has[side]) - set(wants):
                aws.ec2.delete_network_acl_entry(**self._rule(side, number))

    def _rule(self, side: Side, number: int) -> Any:
        return {"NetworkAclId": self.id, "Egress": side == "egress", "RuleNumber": number}

    def delete(self, aws: Aws) -> None:
        """Delete it; its subnets were deleted before."""
        missing = ["InvalidNetworkAclID.NotFound"]
        delete(aws, lambda: aws.ec2.delete_network_acl(NetworkAclId=self.id), missing=missing, in_use=IN_USE)


def associated_acl(aws: Aws, subnet: str) -> str:
    """Return the id of the network ACL with which a subnet is associated; it is the VPC's default one at first."""
    acls = aws.cached("all NetworkAcls", lambda: NetworkAcl.describe_all(aws))
    return next((acl for each, acl, _ in _associations(acls) if each == subnet), "")


def associate_subnet(aws: Aws, subnet: str, acl: str) -> None:
    """Associate a subnet, which is always associated with one network ACL, with another."""

    def association() -> str:
        acls = NetworkAcl.describe_all(aws, ("association.subnet-id", subnet))
        return next((association for each, _, association in _associations(acls) if each == subnet), "")

    current = aws.wait_until(association, LISTED_WITHIN, f"the network ACL of {subnet} to be listed")
    aws.ec2.replace_network_acl_association(AssociationId=current, NetworkAclId=acl)


def _associations(acls: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield the ids of subnet, network ACL and association."""
    for acl in acls:
        for each in acl.get("Associations", []):
            yield each["SubnetId"], acl["NetworkAclId"], each["NetworkAclAssociationId"]


def _numbered(entries: list[AclEntry]) -> dict[int, AclEntry]:
    """Return the rules by number, from 110 on."""
    return {110 + 10 * n: entry for n, entry in enumerate(entries)}


def _sides(acl: Any) -> dict[Side, dict[int, Any]]:
    """Return an ACL's rules by side and number, without the last, which cannot be changed."""
    rules = [rule for rule in acl.get("Entries", []) if rule["RuleNumber"] < _LAST_RULE]
    return {
        "ingress": {rule["RuleNumber"]: rule for rule in rules if not rule["Egress"]},
        "egress": {rule["RuleNumber"]: rule for rule in rules if rule["Egress"]},
    }


def _texts(rules: dict[int, Any]) -> list[str]:
    return [f"{number} {_text(rule)}" for number, rule in sorted(rules.items())]


def _text(rule: dict[str, Any]) -> str:
    ports, peer = rule.get("PortRange", {}), rule.get("CidrBlock") or rule.get("Ipv6CidrBlock", "")
    denied = "" if rule["RuleAction"] == "allow" else "not "
    if rule["Protocol"] == _ALL:
        return f"{denied}all {peer}"
    if rule["Protocol"] == _ICMP:
        icmp = rule.get("IcmpTypeCode", {})
        return f"{denied}icmp/{icmp.get('Type')}/{icmp.get('Code')} {peer}"
    first, last = ports.get("From"), ports.get("To")
    name = "tcp" if rule["Protocol"] == _TCP else rule["Protocol"]
    return f"{denied}{name}/{first} {peer}" if first == last else f"{denied}{name}/{first}-{last} {peer}"
