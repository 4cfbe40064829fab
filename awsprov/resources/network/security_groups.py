"""Security groups: who may speak to whom, on which port."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.ec2 import SEEN_WITHIN, Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.gateways import ANYWHERE
from awsprov.resources.network.lambda_interfaces import LETS_GO_WITHIN, reap
from awsprov.resources.network.vpc import Vpc

Permissions = dict[str, dict[str, Any]]
_PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


@dataclass(frozen=True)
class Rule:
    """One permission.

    Arguments:
        peer: a range of addresses, or another security group.
        port: a TCP port; None for all traffic.
        why: its description on AWS.
    """

    peer: "str | SecurityGroup"
    port: int | None = None
    why: str = ""

    def permission(self) -> dict[str, Any]:
        """In EC2's form."""
        ports = {"IpProtocol": "-1"} if self.port is None else _tcp(self.port)
        told = {"Description": self.why} if self.why else {}
        if isinstance(self.peer, str):
            return {**ports, "IpRanges": [{"CidrIp": self.peer, **told}]}
        return {**ports, "UserIdGroupPairs": [{"GroupId": self.peer.id, **told}]}


EVERYWHERE = (Rule(ANYWHERE),)


@dataclass(eq=False, repr=False)
class SecurityGroup(Ec2Resource):
    """A firewall around network interfaces.

    Arguments:
        about: its description.
        ingress: who may come in.
        egress: where those inside may go.
    """

    vpc: Vpc
    about: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = EVERYWHERE

    kind, describe, listing, key = "security-group", "describe_security_groups", "SecurityGroups", "GroupId"
    immutable = frozenset({"vpc", "about"})
    already_exists_codes = ("InvalidGroup.Duplicate",)

    def create(self, aws: Aws) -> str:
        return aws.ec2.create_security_group(
            GroupName=f"{aws.stack}-{self.name}",
            Description=self.about,
            VpcId=self.vpc.id,
            TagSpecifications=self.tagged(aws),
        )["GroupId"]

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        comes, goes = sorted(_rules(seen["IpPermissions"])), sorted(_rules(seen["IpPermissionsEgress"]))
        return {"vpc": seen["VpcId"], "about": seen["Description"], "ingress": comes, "egress": goes}

    def wanted(self, aws: Aws) -> Values:
        comes, goes = (sorted(_rules(r.permission() for r in rules)) for rules in (self.ingress, self.egress))
        return {"vpc": self.vpc.id, "about": self.about, "ingress": comes, "egress": goes}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Add what is missing before taking away what is too much, so that nothing wanted is ever closed."""
        seen = self.now(aws)
        if "ingress" in changes:
            self._set(aws, "ingress", _rules(seen["IpPermissions"]), self.ingress)
        if "egress" in changes:
            self._set(aws, "egress", _rules(seen["IpPermissionsEgress"]), self.egress)

    def _set(self, aws: Aws, side: str, has: Permissions, rules: tuple[Rule, ...]) -> None:
        wants = _rules(rule.permission() for rule in rules)
        if missing := [wants[rule] for rule in wants if rule not in has]:
            getattr(aws.ec2, f"authorize_security_group_{side}")(GroupId=self.id, IpPermissions=missing)
        if surplus := [has[rule] for rule in has if rule not in wants]:
            getattr(aws.ec2, f"revoke_security_group_{side}")(GroupId=self.id, IpPermissions=surplus)

    def delete(self, aws: Aws) -> None:
        """Its rules go first: groups whose rules name each other would hold each other for ever."""
        missing = ["InvalidGroup.NotFound", "InvalidPermission.NotFound"]
        rules: Any = list(_rules(self.now(aws).get("IpPermissions", [])).values())
        if rules:
            delete(
                aws,
                lambda: aws.ec2.revoke_security_group_ingress(GroupId=self.id, IpPermissions=rules),
                missing=missing,
            )
        delete(
            aws,
            lambda: aws.ec2.delete_security_group(GroupId=self.id),
            missing=missing,
            in_use=IN_USE,
            within=LETS_GO_WITHIN,
            on_in_use=lambda: reap(aws, "group-id", self.id),
        )


@dataclass(eq=False, repr=False)
class DefaultGroup(Resource):
    """The group that AWS gives a VPC, for all that names no other: closed, as nothing here is meant to be in it.

    AWS deletes it with the VPC, and lets nobody else do so.
    """

    vpc: Vpc

    area = "network"
    replace_triggered_by = frozenset({"vpc"})
    virtual = True

    def find(self, aws: Aws) -> str:
        return str(self._seen(aws).get("GroupId", ""))

    def create(self, aws: Aws) -> str:
        """Ask for its id; makes nothing."""
        return aws.wait_until(lambda: self.find(aws), SEEN_WITHIN, "the VPC's default group to show")

    def _seen(self, aws: Aws) -> dict[str, Any]:
        if not self.vpc.id:
            return {}
        ask = partial(SecurityGroup.described, aws, ("vpc-id", self.vpc.id), ("group-name", "default"))
        return next(iter(aws.cached(f"DefaultGroup {self.vpc.id}", ask, empty=False)), {})

    def read(self, aws: Aws) -> Values:
        seen = self._seen(aws)
        return {"ingress": sorted(_rules(seen["IpPermissions"])), "egress": sorted(_rules(seen["IpPermissionsEgress"]))}

    def wanted(self, aws: Aws) -> Values:
        """No rules: nobody comes in, and nobody gets out."""
        return {"ingress": [], "egress": []}

    def configure(self, aws: Aws, changes: Differences) -> None:
        seen = self._seen(aws)
        for side, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            if rules := list(_rules(seen[member]).values()):
                getattr(aws.ec2, f"revoke_security_group_{side}")(GroupId=self.id, IpPermissions=rules)


def _tcp(port: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}


def _rules(permissions: Iterable[dict[str, Any]]) -> Permissions:
    """EC2's permissions, one peer each, under a text that reads and compares well: `tcp/2049 sg-1`."""
    found: Permissions = {}
    for permission in permissions:
        ports: dict[str, Any] = {
            key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission
        }
        if ports["IpProtocol"] == "-1":
            ports = {"IpProtocol": "-1"}
        for member, peer in _PEERS.items():
            for source in permission.get(member, []):
                kept = {key: source[key] for key in (peer, "Description") if key in source}
                found[f"{_ports(ports)} {source[peer]}"] = {**ports, member: [kept]}
    return found


def _ports(ports: dict[str, Any]) -> str:
    first, last = ports.get("FromPort"), ports.get("ToPort")
    if ports["IpProtocol"] == "-1":
        return "all"
    return f"{ports['IpProtocol']}/{first}" if first == last else f"{ports['IpProtocol']}/{first}-{last}"
