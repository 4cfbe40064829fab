"""The subnets of the VPC, and the availability zones that they are in."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import UsageError
from awsprov.resources.described import LISTED_WITHIN
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.foreign_resources import check_interfaces
from awsprov.resources.network.lambda_interfaces import RELEASED_WITHIN, vacate_subnet
from awsprov.resources.network.network_acl import NetworkAcl, associate_subnet, associated_acl
from awsprov.resources.network.vpc import Vpc


@dataclass(eq=False, repr=False)
class Zones(Resource):
    """The availability zones of the stack: a choice. Its id is their names, joined by commas.

    The first ones, in the order of their zone ids, that the account can use and that offer the builder's instance type.
    Names are no order to go by: `us-east-1a` is another zone in each account. Once chosen, a zone is kept.

    Arguments:
        count: how many zones.
        instance_type: the builder's instance type.
    """

    count: int
    instance_type: str

    area = "network"
    virtual = True

    def find(self, aws: Aws) -> str:
        """Return the recorded zones, else those of the existing subnets; when the number changes, they are kept."""
        kept = dict(enumerate(self.id.split(",")[: self.count])) if self.id else self._in_use(aws)
        return self._choose(aws, kept) if kept else ""

    def create(self, aws: Aws) -> str:
        """Return the chosen zones; nothing is created.

        Raises:
            UsageError: too few zones are suitable.
        """
        if chosen := self._choose(aws, {}):
            return chosen
        raise self._too_few(aws)

    def missing_error(self, aws: Aws) -> UsageError | None:
        """Return the error of a stack that has zones, and cannot get as many more as it should have."""
        return self._too_few(aws) if self._in_use(aws) else None

    def _in_use(self, aws: Aws) -> dict[int, str]:
        """Return the subnets' zones by index, the number at the end of a subnet's name.

        Some may be missing: EC2 does not list a new subnet at once.
        """
        placed = {aws.tagged_name(d["Tags"]).rpartition("-")[2]: d["AvailabilityZone"] for d in Subnet.list_owned(aws)}
        return {index: placed[number] for index in range(self.count) if (number := str(index + 1)) in placed}

    def _choose(self, aws: Aws, kept: dict[int, str]) -> str:
        """Return the kept zones at their indexes, and other suitable zones at those left; empty if they are too few."""
        missing = [index for index in range(self.count) if index not in kept]
        others = [name for name in self._suitable(aws) if name not in kept.values()] if missing else []
        chosen = kept | dict(zip(missing, others, strict=False))
        return ",".join(chosen[index] for index in range(self.count)) if len(chosen) == self.count else ""

    def _suitable(self, aws: Aws) -> list[str]:
        """Return the names of the zones that offer the builder's instance type, in the order of their zone ids."""
        offered = aws.ec2.describe_instance_type_offerings(
            LocationType="availability-zone-id", Filters=[{"Name": "instance-type", "Values": [self.instance_type]}]
        )["InstanceTypeOfferings"]
        offering = {offer["Location"] for offer in offered}
        filters: Any = [{"Name": "zone-type", "Values": ["availability-zone"]}]
        zones = aws.ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"]
        suitable = [z for z in zones if z["State"] == "available" and z["ZoneId"] in offering]
        return [z["ZoneName"] for z in sorted(suitable, key=lambda z: z["ZoneId"])]

    def _too_few(self, aws: Aws) -> UsageError:
        count = len(self._suitable(aws))
        return UsageError(
            f"{aws.region} offers {self.instance_type} in {count} zones; `network.zones` is {self.count}.",
            remedy="Lower `network.zones`, or choose another `builder.instance_type`.",
        )

    def zone(self, index: int) -> str:
        """Return the name of one zone; empty while none is chosen."""
        return ([*self.id.split(","), *[""] * (index + 1)])[index]


@dataclass(eq=False, repr=False)
class Subnet(Ec2Resource):
    """A subnet in one availability zone. It assigns no public addresses by default.

    Arguments:
        vpc: the VPC.
        cidr: its address range, a part of the VPC's.
        zones: the availability zones of the stack.
        index: the index of its zone among them.
        acl: its network ACL.
    """

    vpc: Vpc
    cidr: str
    _: KW_ONLY
    zones: Zones
    index: int
    acl: NetworkAcl

    resource_type = "subnet"
    describe_method = "describe_subnets"
    result_key = "Subnets"
    id_key = "SubnetId"
    immutable = frozenset({"cidr", "vpc", "zone"})
    replace_triggered_by = frozenset({"vpc"})
    already_exists_codes = ("InvalidSubnet.Conflict",)
    conflict_key = "network.cidr"

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_subnet(
            VpcId=self.vpc.id,
            CidrBlock=self.cidr,
            AvailabilityZone=self.zone,
            TagSpecifications=self.tag_specifications(aws),
        )
        return response["Subnet"]["SubnetId"]

    @property
    def zone(self) -> str:
        """The name of its availability zone."""
        return self.zones.zone(self.index)

    def wait(self, aws: Aws) -> None:
        self.wait_for_state(aws, "available", LISTED_WITHIN)

    def read(self, aws: Aws) -> Values:
        subnet = self.describe_cached(aws)
        return {
            "cidr": subnet["CidrBlock"],
            "vpc": subnet["VpcId"],
            "zone": subnet["AvailabilityZone"],
            "public_by_default": subnet.get("MapPublicIpOnLaunch", False),
            "acl": associated_acl(aws, self.id),
        }

    def wanted(self, aws: Aws) -> Values:
        place = {"cidr": self.cidr, "vpc": self.vpc.id, "zone": self.zone}
        return {**place, "public_by_default": False, "acl": self.acl.id}

    def configure(self, aws: Aws, changes: Differences) -> None:
        if "acl" in changes:
            associate_subnet(aws, self.id, self.acl.id)
        if "public_by_default" in changes:
            aws.ec2.modify_subnet_attribute(SubnetId=self.id, MapPublicIpOnLaunch={"Value": False})

    def delete(self, aws: Aws) -> None:
        """Delete it, with Lambda's network interfaces in it, which may take as long as Lambda keeps them."""
        delete(
            aws,
            lambda: aws.ec2.delete_subnet(SubnetId=self.id),
            missing=["InvalidSubnetID.NotFound"],
            in_use=IN_USE,
            within=RELEASED_WITHIN,
            on_in_use=lambda: self._vacate(aws),
        )

    def _vacate(self, aws: Aws) -> None:
        vacate_subnet(aws, self.id)
        check_interfaces(aws, "subnet-id", self.id)
