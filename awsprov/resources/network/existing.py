"""An existing network: its VPC and subnets, which awsprov uses and never changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.existing import Existing
from awsprov.errors import UsageError
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import ANYWHERE, Vpc

BUILDER_SUBNET = "builder-subnet"  # the name of the builder's subnet, if it is not one of the functions'


def describe_subnets(aws: Aws, subnets: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the descriptions of those of some subnets that exist, by id."""
    found: dict[str, dict[str, Any]] = {}
    for subnet in subnets:
        ask = partial(Subnet.describe_all, aws, ("subnet-id", subnet))
        found |= {each["SubnetId"]: each for each in aws.cached(f"ExistingSubnet {subnet}", ask)}
    return found


def default_route(aws: Aws, subnet: dict[str, Any]) -> dict[str, Any]:
    """Return the active default route of a subnet, given its description; empty if it has none.

    A subnet without a route table of its own uses the main one of its VPC (Amazon VPC user guide, route tables).
    """
    vpc = subnet["VpcId"]
    tables = aws.cached(f"RouteTables of {vpc}", lambda: _route_tables(aws, vpc))
    associations = [(association, table) for table in tables for association in table.get("Associations", [])]
    own = [table for association, table in associations if association.get("SubnetId") == subnet["SubnetId"]]
    main = [table for association, table in associations if association.get("Main")]
    routes: list[dict[str, Any]] = [route for table in (own or main)[:1] for route in table.get("Routes", [])]
    active = (route for route in routes if route.get("State") == "active")
    return next((route for route in active if route.get("DestinationCidrBlock") == ANYWHERE), {})


def _route_tables(aws: Aws, vpc: str) -> list[Any]:
    pages = aws.ec2.get_paginator("describe_route_tables").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return [table for page in pages for table in page["RouteTables"]]


def leads_to_internet_gateway(route: dict[str, Any]) -> bool:
    """Return whether a route's target is an internet gateway."""
    return str(route.get("GatewayId", "")).startswith("igw-")


@dataclass(eq=False, repr=False)
class ExistingVpc(Existing):
    """The VPC of existing subnets.

    Arguments:
        subnets: the ids of the subnets.

    Attributes:
        ranges: its IPv4 ranges, once it was found.
    """

    subnets: tuple[str, ...]
    ranges: tuple[str, ...] = field(default=(), init=False)

    area = "network"

    def find(self, aws: Aws) -> str:
        """Return the id of the first subnet's VPC; empty if the subnet does not exist."""
        vpc = next((each["VpcId"] for each in describe_subnets(aws, self.subnets).values()), "")
        found = aws.cached(f"ExistingVpc {vpc}", lambda: Vpc.describe_all(aws, ("vpc-id", vpc))) if vpc else []
        blocks = [block for each in found for block in each.get("CidrBlockAssociationSet", [])]
        self.ranges = tuple(b["CidrBlock"] for b in blocks if b["CidrBlockState"]["State"] == "associated")
        return str(vpc)

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"None of the subnets {', '.join(self.subnets)} exists in {aws.region}.",
            remedy="Correct `network.subnets`; `awsprov doctor` checks everything about them.",
        )


@dataclass(eq=False, repr=False)
class ExistingSubnet(Existing):
    """An existing subnet.

    Arguments:
        vpc: its VPC.
        subnet: its id.

    Attributes:
        cidr, zone: its address range and the name of its availability zone, once it was found.
    """

    vpc: ExistingVpc
    subnet: str
    cidr: str = field(default="", init=False)
    zone: str = field(default="", init=False)

    area = "network"

    def find(self, aws: Aws) -> str:
        """Return its id if it exists."""
        found = describe_subnets(aws, [self.subnet]).get(self.subnet)
        if found is None:
            return ""
        self.cidr, self.zone = found["CidrBlock"], found["AvailabilityZone"]
        return self.subnet

    def missing_error(self, aws: Aws) -> UsageError:
        return UsageError(
            f"The subnet {self.subnet} does not exist in {aws.region}.",
            remedy="Correct `network.subnets` or `builder.subnet`; `awsprov doctor` checks everything about them.",
        )

    def is_public(self, aws: Aws) -> bool:
        """Return whether its default route leads to an internet gateway."""
        found = describe_subnets(aws, [self.subnet]).get(self.subnet)
        return bool(found) and leads_to_internet_gateway(default_route(aws, found or {}))
