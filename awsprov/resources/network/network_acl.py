"""The VPC's network ACL: the traffic that may enter or leave a subnet, whatever security groups allow.

Network ACLs are stateless: the responses to allowed requests must be allowed, too. They do not filter traffic to the
DNS resolver, the time server and the instance metadata service (Amazon VPC user guide, network ACLs).
"""

from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.ec2 import LISTED_WITHIN
from awsprov.resources.network.gateways import ANYWHERE
from awsprov.resources.network.vpc import Vpc

Side = Literal["ingress", "egress"]
_TCP, _ALL = "6", "-1"
_LAST_RULE = 32767  # AWS's own rule, which denies what no other rule allows
# The ports on which responses arrive: all that a client may use, without 3389, a server's (Remote Desktop).
_RESPONSES = ((1024, 3388), (3390, 65535))


@dataclass(frozen=True)
class Entry:
    """A rule that allows traffic.

    Arguments:
        peer: the address range on the other side.
        ports: the first and the last TCP port; None for all traffic.
    """

    peer: str
    ports: tuple[int, int] | None = None

    def text(self) -> str:
        """Return the rule as plans show it: `tcp/443 0.0.0.0/0`."""
        return _text(self.parameters())

    def parameters(self) -> dict[str, Any]:
        """Return the rule's parameters for EC2."""
        kind = {"Protocol": _TCP if self.ports else _ALL, "RuleAction": "allow", "CidrBlock": self.peer}
        return {**kind, "PortRange": {"From": self.ports[0], "To": self.ports[1]}} if self.ports else kind


@dataclass(eq=False, repr=False)
class NetworkAcl(Resource):
    """The default network ACL of the VPC, which applies to all its subnets, restricted to what the stack needs.

    AWS creates it with the VPC and deletes it with the VPC. Within the VPC all traffic is allowed: security groups
    decide there.

    Arguments:
        vpc: the VPC.
        ssh_from: the address range from which SSH is allowed.
        egress_ports: the TCP ports of outbound connections.
    """

    vpc: Vpc
    ssh_from: str
    egress_ports: tuple[int, ...]

    area = "network"
    replace_triggered_by = frozenset({"vpc"})
    virtual = True

    def find(self, aws: Aws) -> str:
        """Return the id of the VPC's default network ACL."""
        return str(self._describe_cached(aws).get("NetworkAclId", "")) if self.vpc.id else ""

    def create(self, aws: Aws) -> str:
        """Return its id; nothing is created."""
        return aws.wait_until(lambda: self.find(aws), LISTED_WITHIN, "the VPC's network ACL to be listed")

    def _describe_cached(self, aws: Aws) -> Any:
        return aws.cached(f"NetworkAcl {self.vpc.id}", lambda: self._describe(aws), empty=False)

    def _describe(self, aws: Aws) -> Any:
        wanted: Any = [{"Name": "vpc-id", "Values": [self.vpc.id]}, {"Name": "default", "Values": ["true"]}]
        return next(iter(aws.ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]), {})

    def _entries(self) -> dict[Side, dict[int, Entry]]:
        inside = Entry(self.vpc.cidr)
        ingress = [inside, Entry(self.ssh_from, (22, 22)), *(Entry(ANYWHERE, ports) for ports in _RESPONSES)]
        egress = [
            inside,
            Entry(self.ssh_from, (1024, 65535)),
            *(Entry(ANYWHERE, (port, port)) for port in self.egress_ports),
        ]
        return {"ingress": _numbered(ingress), "egress": _numbered(egress)}

    def read(self, aws: Aws) -> Values:
        return {side: _texts(rules) for side, rules in _sides(self._describe_cached(aws)).items()}

    def wanted(self, aws: Aws) -> Values:
        return {
            side: [f"{number} {entry.text()}" for number, entry in entries.items()]
            for side, entries in self._entries().items()
        }

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Create missing rules before deleting others, so that wanted traffic is never blocked."""
        has = _sides(self._describe(aws))
        for side, wants in self._entries().items():
            for number, entry in wants.items():
                if number not in has[side]:
                    aws.ec2.create_network_acl_entry(**self._rule(side, number), **entry.parameters())
                elif _text(has[side][number]) != entry.text():
                    aws.ec2.replace_network_acl_entry(**self._rule(side, number), **entry.parameters())
            for number in set(has[side]) - set(wants):
                aws.ec2.delete_network_acl_entry(**self._rule(side, number))

    def _rule(self, side: Side, number: int) -> Any:
        return {"NetworkAclId": self.id, "Egress": side == "egress", "RuleNumber": number}


def _numbered(entries: list[Entry]) -> dict[int, Entry]:
    """Return the rules by number, from 110 on: AWS's rule 100 is deleted after these were created."""
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
    first, last = ports.get("From"), ports.get("To")
    name = "tcp" if rule["Protocol"] == _TCP else rule["Protocol"]
    return f"{denied}{name}/{first} {peer}" if first == last else f"{denied}{name}/{first}-{last} {peer}"
