"""The network: VPC, gateways, subnets, routes, addresses and security groups."""

from dataclasses import dataclass
from functools import partial

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import UsageError
from awsprov.resources.ec2 import SEEN_WITHIN, Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.lambda_interfaces import LETS_GO_WITHIN, leave


@dataclass(eq=False, repr=False)
class Zones(Resource):
    """The availability zones that the stack spreads over; its id is their names, joined by commas.

    Chosen among those that are open to the account and offer the builder's instance type, by zone id, never by letter:
    a letter means another zone in each account. Once chosen, they stay.
    """

    count: int
    instance_type: str

    area = "network"
    virtual = True

    def find(self, aws: Aws) -> str:
        """The recorded choice, else the one that the subnets show; zones in use stay when their number changes."""
        kept = dict(enumerate(self.id.split(",")[: self.count])) if self.id else self._in_use(aws)
        return self._choose(aws, kept) if kept else ""

    def create(self, aws: Aws) -> str:
        """Choose; makes nothing."""
        return self._choose(aws, {})

    def _in_use(self, aws: Aws) -> dict[int, str]:
        """The zones by their index, which ends a subnet's name: EC2 may not show all of the fresh ones yet."""
        placed = {aws.tagged_name(d["Tags"]).rpartition("-")[2]: d["AvailabilityZone"] for d in Subnet.listed(aws)}
        return {index: placed[number] for index in range(self.count) if (number := str(index + 1)) in placed}

    def _choose(self, aws: Aws, kept: dict[int, str]) -> str:
        """The zones that are kept, each in its place, and the first others that are able in the places left."""
        missing = [index for index in range(self.count) if index not in kept]
        others = [name for name in self._able(aws) if name not in kept.values()] if missing else []
        chosen = kept | dict(zip(missing, others, strict=False))
        return ",".join(chosen[index] for index in range(self.count))

    def _able(self, aws: Aws) -> list[str]:
        """The names of the zones that offer the builder's instance type, by zone id."""
        offered = aws.ec2.describe_instance_type_offerings(
            LocationType="availability-zone-id", Filters=[{"Name": "instance-type", "Values": [self.instance_type]}]
        )["InstanceTypeOfferings"]
        able = {offer["Location"] for offer in offered}
        answer = aws.ec2.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
        ours = [z for z in answer["AvailabilityZones"] if z["State"] == "available" and z["ZoneId"] in able]
        if len(ours) < self.count:
            raise UsageError(
                f"{aws.region} offers {self.instance_type} in {len(ours)} zones; `network.zones` is {self.count}.",
                remedy="Lower `network.zones`, or choose another `builder.instance_type`.",
            )
        return [z["ZoneName"] for z in sorted(ours, key=lambda z: z["ZoneId"])]

    def zone(self, index: int) -> str:
        """The name of one zone; empty while they are not chosen."""
        return ([*self.id.split(","), *[""] * (index + 1)])[index]


@dataclass(eq=False, repr=False)
class Vpc(Ec2Resource):
    """A virtual network of its own.

    Arguments:
        cidr: its IPv4 range, /16 to /28.
    """

    cidr: str

    kind, describe, listing, key = "vpc", "describe_vpcs", "Vpcs", "VpcId"
    immutable = frozenset({"cidr"})
    idempotent_create = False

    def create(self, aws: Aws) -> str:
        answer = aws.ec2.create_vpc(CidrBlock=self.cidr, TagSpecifications=self.tagged(aws))
        return answer["Vpc"]["VpcId"]

    def wait(self, aws: Aws) -> None:
        self.until(aws, "available", SEEN_WITHIN)

    def read(self, aws: Aws) -> Values:
        ask = partial(aws.ec2.describe_vpc_attribute, VpcId=self.id, Attribute="enableDnsHostnames")
        names = aws.cached(f"dns {self.id}", ask)["EnableDnsHostnames"]
        return {"cidr": self.seen(aws)["CidrBlock"], "dns_hostnames": names.get("Value", False)}

    def wanted(self, aws: Aws) -> Values:
        """Host names are wanted: the file system's own name resolves to its mount target only with them."""
        return {"cidr": self.cidr, "dns_hostnames": True}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.ec2.delete_vpc(VpcId=self.id), missing=["InvalidVpcID.NotFound"], in_use=IN_USE)


@dataclass(eq=False, repr=False)
class Subnet(Ec2Resource):
    """A range of the VPC in one zone. Never gives out public addresses by itself.

    Arguments:
        cidr: its range, a part of the VPC's.
        zones: the zones of the stack.
        index: which of them.
    """

    vpc: Vpc
    cidr: str
    zones: Zones
    index: int

    kind, describe, listing, key = "subnet", "describe_subnets", "Subnets", "SubnetId"
    immutable = frozenset({"cidr", "vpc", "zone"})
    replace_triggered_by = frozenset({"vpc"})
    already_exists_codes = ("InvalidSubnet.Conflict",)

    def create(self, aws: Aws) -> str:
        answer = aws.ec2.create_subnet(
            VpcId=self.vpc.id, CidrBlock=self.cidr, AvailabilityZone=self.zone, TagSpecifications=self.tagged(aws)
        )
        return answer["Subnet"]["SubnetId"]

    @property
    def zone(self) -> str:
        """The zone it lies in."""
        return self.zones.zone(self.index)

    def wait(self, aws: Aws) -> None:
        self.until(aws, "available", SEEN_WITHIN)

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        public = seen.get("MapPublicIpOnLaunch", False)
        return {
            "cidr": seen["CidrBlock"],
            "vpc": seen["VpcId"],
            "zone": seen["AvailabilityZone"],
            "public_by_default": public,
        }

    def wanted(self, aws: Aws) -> Values:
        return {"cidr": self.cidr, "vpc": self.vpc.id, "zone": self.zone, "public_by_default": False}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.ec2.modify_subnet_attribute(SubnetId=self.id, MapPublicIpOnLaunch={"Value": False})

    def delete(self, aws: Aws) -> None:
        """What Lambda left behind in it is taken away; that may take as long as Lambda's interfaces do."""
        delete(
            aws,
            lambda: aws.ec2.delete_subnet(SubnetId=self.id),
            missing=["InvalidSubnetID.NotFound"],
            in_use=IN_USE,
            within=LETS_GO_WITHIN,
            on_in_use=lambda: leave(aws, self.id),
        )
