"""The VPC's network access list: what may cross a subnet's border at all, whatever a security group says later.

Access lists keep no track of connections: what is answered must be let through by itself. Amazon's own name server,
clock and metadata are beyond them (Amazon VPC user guide, network ACLs).
"""

from dataclasses import dataclass
from typing import Any, Literal

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.ec2 import SEEN_WITHIN
from awsprov.resources.network.gateways import ANYWHERE
from awsprov.resources.network.vpc import Vpc

Side = Literal["ingress", "egress"]
_TCP, _ALL = "6", "-1"
_LAST_RULE = 32767  # AWS's own: what no rule named is denied
# Where answers come in: all ports that a client may have taken, but for remote desktop's, which is a server's.
_ANSWERS = ((1024, 3388), (3390, 65535))


@dataclass(frozen=True)
class Entry:
    """One rule that allows.

    Arguments:
        peer: the range of addresses on the other side.
        ports: the first and last TCP port; all traffic without.
    """

    peer: str
    ports: tuple[int, int] | None = None

    def text(self) -> str:
        """As it is compared and shown: `tcp/443 0.0.0.0/0`."""
        return _text(self.parameters())

    def parameters(self) -> dict[str, Any]:
        """In EC2's form."""
        kind = {"Protocol": _TCP if self.ports else _ALL, "RuleAction": "allow", "CidrBlock": self.peer}
        return {**kind, "PortRange": {"From": self.ports[0], "To": self.ports[1]}} if self.ports else kind


@dataclass(eq=False, repr=False)
class NetworkAcl(Resource):
    """The access list that AWS gives a VPC and puts around all its subnets, cut down to what the stack does.

    AWS deletes it with the VPC, and lets nobody else do so.

    Arguments:
        cidr: the VPC's own range, within which everything may pass: security groups decide there.
        ssh_from: the range that may open SSH sessions.
        ports: the TCP ports on which the stack may call out.
    """

    vpc: Vpc
    cidr: str
    ssh_from: str
    ports: tuple[int, ...]

    area = "network"
    replace_triggered_by = frozenset({"vpc"})
    virtual = True

    def find(self, aws: Aws) -> str:
        return str(self._seen(aws).get("NetworkAclId", "")) if self.vpc.id else ""

    def create(self, aws: Aws) -> str:
        """Ask for its id; makes nothing."""
        return aws.wait_until(lambda: self.find(aws), SEEN_WITHIN, "the VPC's access list to show")

    def _seen(self, aws: Aws) -> Any:
        return aws.cached(f"NetworkAcl {self.vpc.id}", lambda: self._asked(aws), empty=False)

    def _asked(self, aws: Aws) -> Any:
        wanted: Any = [{"Name": "vpc-id", "Values": [self.vpc.id]}, {"Name": "default", "Values": ["true"]}]
        return next(iter(aws.ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]), {})

    def _entries(self) -> dict[Side, dict[int, Entry]]:
        inside = Entry(self.cidr)
        comes = [inside, Entry(self.ssh_from, (22, 22)), *(Entry(ANYWHERE, ports) for ports in _ANSWERS)]
        goes = [inside, Entry(self.ssh_from, (1024, 65535)), *(Entry(ANYWHERE, (port, port)) for port in self.ports)]
        return {"ingress": _numbered(comes), "egress": _numbered(goes)}

    def read(self, aws: Aws) -> Values:
        return {side: _texts(rules) for side, rules in _sides(self._seen(aws)).items()}

    def wanted(self, aws: Aws) -> Values:
        return {
            side: [f"{number} {entry.text()}" for number, entry in entries.items()]
            for side, entries in self._entries().items()
        }

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Add what is missing before taking away what is too much, so that nothing wanted is ever closed."""
        has = _sides(self._asked(aws))
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
    """Rule numbers past AWS's first one, 100, so that ours stand before that one goes."""
    return {110 + 10 * n: entry for n, entry in enumerate(entries)}


def _sides(seen: Any) -> dict[Side, dict[int, Any]]:
    """Its rules by side and number, but for the last, which denies and cannot be touched."""
    rules = [rule for rule in seen.get("Entries", []) if rule["RuleNumber"] < _LAST_RULE]
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
