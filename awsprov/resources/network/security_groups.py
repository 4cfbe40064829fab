"""Security groups, and the default one of the VPC."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import UsageError
from awsprov.resources.described import LISTED_WITHIN
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.existing import ExistingVpc
from awsprov.resources.network.foreign_resources import check_interfaces
from awsprov.resources.network.instance_connect import ExistingInstanceConnectEndpoint
from awsprov.resources.network.ip_permissions import PEERS, IpPermissions, by_text, tcp
from awsprov.resources.network.lambda_interfaces import RELEASED_WITHIN, delete_free_interfaces
from awsprov.resources.network.prefix_lists import PrefixList
from awsprov.resources.network.vpc import ANYWHERE, Vpc


@dataclass(frozen=True)
class Rule:
    """A rule of a security group, which allows traffic.

    Arguments:
        peer: an address range, the ranges of an existing VPC, another security group, the groups of an EC2 Instance
            Connect endpoint, or the prefix list of a service.
        port: a TCP port; None for all traffic.
        description: its description on AWS.
    """

    peer: "str | ExistingVpc | SecurityGroup | ExistingInstanceConnectEndpoint | PrefixList"
    port: int | None = None
    description: str = ""

    @property
    def ranges(self) -> tuple[str, ...]:
        """The address ranges that it names."""
        if isinstance(self.peer, ExistingVpc):
            return tuple(self.peer.ranges)
        return (self.peer,) if isinstance(self.peer, str) else ()

    @property
    def groups(self) -> "tuple[SecurityGroup, ...]":
        """The security groups of the stack that it names."""
        return (self.peer,) if isinstance(self.peer, SecurityGroup) else ()

    @property
    def existing_groups(self) -> tuple[str, ...]:
        """The ids of the other security groups that it names."""
        return tuple(self.peer.groups) if isinstance(self.peer, ExistingInstanceConnectEndpoint) else ()

    @property
    def prefix_lists(self) -> tuple[PrefixList, ...]:
        """The prefix lists that it names."""
        return (self.peer,) if isinstance(self.peer, PrefixList) else ()

    def permission(self) -> dict[str, Any]:
        """Return the rule as EC2's IpPermission."""
        ports = {"IpProtocol": "-1"} if self.port is None else tcp(self.port)
        described = {"Description": self.description} if self.description else {}
        peers = {
            "IpRanges": self.ranges,
            "PrefixListIds": [each.id for each in self.prefix_lists],
            "UserIdGroupPairs": [*(each.id for each in self.groups), *self.existing_groups],
        }
        return ports | {name: [{PEERS[name]: each, **described} for each in found] for name, found in peers.items()}


EVERYWHERE = (Rule(ANYWHERE),)


@dataclass(eq=False, repr=False)
class SecurityGroup(Ec2Resource):
    """A security group.

    Arguments:
        vpc: the VPC.
        description: its description on AWS.
        ingress: the rules for inbound connections.
        egress: the rules for outbound connections.
    """

    vpc: Vpc | ExistingVpc
    description: str
    _: KW_ONLY
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = EVERYWHERE

    resource_type = "security-group"
    describe_method = "describe_security_groups"
    result_key = "SecurityGroups"
    id_key = "GroupId"
    immutable = frozenset({"vpc", "description"})
    already_exists_codes = ("InvalidGroup.Duplicate",)

    def create(self, aws: Aws) -> str:
        return aws.ec2.create_security_group(
            GroupName=aws.physical_name(self.name),
            Description=self.description,
            VpcId=self.vpc.id,
            TagSpecifications=self.tag_specifications(aws),
        )["GroupId"]

    def read(self, aws: Aws) -> Values:
        group = self.describe_cached(aws)
        return {
            "vpc": group["VpcId"],
            "description": group["Description"],
            "ingress": sorted(by_text(group["IpPermissions"])),
            "egress": sorted(by_text(group["IpPermissionsEgress"])),
        }

    def wanted(self, aws: Aws) -> Values:
        ingress, egress = (sorted(by_text(r.permission() for r in rules)) for rules in (self.ingress, self.egress))
        return {"vpc": self.vpc.id, "description": self.description, "ingress": ingress, "egress": egress}

    def configure(self, aws: Aws, changes: Differences) -> None:
        """Create missing rules before deleting others, so that wanted traffic is never blocked."""
        group = self.describe_existing(aws)
        if "ingress" in changes:
            self._set(aws, "ingress", by_text(group["IpPermissions"]), self.ingress)
        if "egress" in changes:
            self._set(aws, "egress", by_text(group["IpPermissionsEgress"]), self.egress)

    def _set(self, aws: Aws, side: str, has: IpPermissions, rules: tuple[Rule, ...]) -> None:
        wants = by_text(rule.permission() for rule in rules)
        if missing := [wants[rule] for rule in wants if rule not in has]:
            getattr(aws.ec2, f"authorize_security_group_{side}")(GroupId=self.id, IpPermissions=missing)
        if surplus := [has[rule] for rule in has if rule not in wants]:
            getattr(aws.ec2, f"revoke_security_group_{side}")(GroupId=self.id, IpPermissions=surplus)

    def delete(self, aws: Aws) -> None:
        """Delete its rules, then the group: groups whose rules refer to each other could not be deleted."""
        missing = ["InvalidGroup.NotFound", "InvalidPermission.NotFound"]
        rules: Any = list(by_text(self.describe(aws).get("IpPermissions", [])).values())
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
            within=RELEASED_WITHIN,
            on_in_use=lambda: self._vacate(aws),
        )

    def _vacate(self, aws: Aws) -> None:
        delete_free_interfaces(aws, "group-id", self.id)
        check_interfaces(aws, "group-id", self.id)


@dataclass(eq=False, repr=False)
class ExistingSecurityGroup(Existing):
    """An existing security group, for functions and builder beside those of the stack.

    Arguments:
        group: its id.
    """

    group: str

    area = "network"

    def find(self, aws: Aws) -> str:
        """Return its id if it exists."""
        ask = partial(SecurityGroup.describe_all, aws, ("group-id", self.group))
        return self.group if aws.cached(f"ExistingSecurityGroup {self.group}", ask) else ""

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The security group {self.group} does not exist in {aws.region}.",
            remedy="Correct `network.groups`; `awsprov doctor` checks everything about them.",
        )


class InSecurityGroups:
    """A resource whose network interfaces are in a security group of the stack, and in existing ones beside it."""

    security_group: SecurityGroup
    groups: tuple[ExistingSecurityGroup, ...]

    @property
    def all_groups(self) -> tuple[SecurityGroup | ExistingSecurityGroup, ...]:
        """The security groups of its network interfaces."""
        return (self.security_group, *self.groups)


def listed(ids: Iterable[str]) -> str:
    """Return ids of security groups as one text, in which their order does not matter."""
    return ",".join(sorted(ids))


@dataclass(eq=False, repr=False)
class DefaultSecurityGroup(Resource):
    """The default security group of the VPC, without any rule, as nothing in the stack uses it.

    AWS creates it with the VPC and deletes it with the VPC.

    Arguments:
        vpc: the VPC.
    """

    vpc: Vpc

    area = "network"
    replace_triggered_by = frozenset({"vpc"})
    virtual = True

    def find(self, aws: Aws) -> str:
        return str(self._describe_cached(aws).get("GroupId", ""))

    def create(self, aws: Aws) -> str:
        """Return its id; nothing is created."""
        return aws.wait_until(lambda: self.find(aws), LISTED_WITHIN, "the VPC's default security group to be listed")

    def _describe_cached(self, aws: Aws) -> dict[str, Any]:
        if not self.vpc.id:
            return {}
        ask = partial(SecurityGroup.describe_all, aws, ("vpc-id", self.vpc.id), ("group-name", "default"))
        return next(iter(aws.cached(f"DefaultSecurityGroup {self.vpc.id}", ask, empty=False)), {})

    def read(self, aws: Aws) -> Values:
        group = self._describe_cached(aws)
        ingress, egress = (sorted(by_text(group[side])) for side in ("IpPermissions", "IpPermissionsEgress"))
        return {"ingress": ingress, "egress": egress}

    def wanted(self, aws: Aws) -> Values:
        """Return no rules: no traffic is allowed."""
        return {"ingress": [], "egress": []}

    def configure(self, aws: Aws, changes: Differences) -> None:
        group = self._describe_cached(aws)
        for side, member in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
            if rules := list(by_text(group[member]).values()):
                getattr(aws.ec2, f"revoke_security_group_{side}")(GroupId=self.id, IpPermissions=rules)
