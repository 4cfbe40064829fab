"""Route tables: the default route of subnets."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.nat_interface import NatInterface
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import ANYWHERE, Vpc

PAUSE = "awsprov:pause"  # the tag that records that the stack is paused
PAUSED, ADDRESSES_KEPT, NOT_PAUSED = "yes", "addresses kept", "no"  # its values; without it the stack is not paused


@dataclass(eq=False, repr=False)
class RouteTable(Ec2Resource):
    """A route table: the default route of some subnets.

    Arguments:
        vpc: the VPC.
        gateway: the target of the default route: the internet gateway, a NAT gateway, or the interface of a NAT
            instance; None for no route out of the VPC.
        subnets: the subnets that use this table.
        pause: of private subnets, whether `awsprov pause` has paused the stack: `PAUSED`, `ADDRESSES_KEPT` or
            `NOT_PAUSED`. It is a tag, from which `awsprov recover` knows it.
    """

    vpc: Vpc
    gateway: InternetGateway | NatGateway | NatInterface | None
    subnets: tuple[Subnet, ...]
    pause: str = NOT_PAUSED

    resource_type = "route-table"
    describe_method = "describe_route_tables"
    result_key = "RouteTables"
    id_key = "RouteTableId"
    immutable = frozenset({"vpc"})
    pausable = True

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_route_table(
            VpcId=self.vpc.id, ClientToken=self.token, TagSpecifications=self.tag_specifications(aws)
        )
        return response["RouteTable"]["RouteTableId"]

    def read(self, aws: Aws) -> Values:
        table = self.describe_cached(aws)
        return {
            "vpc": table["VpcId"],
            "gateway": _default_gateway(table),
            "subnets": sorted(_associations(table)),
            "pause": _pause(table),
        }

    def wanted(self, aws: Aws) -> Values:
        gateway = self.gateway.id if self.gateway else ""
        subnets = sorted(subnet.id for subnet in self.subnets)
        return {"vpc": self.vpc.id, "gateway": gateway, "subnets": subnets, "pause": self.pause}

    def configure(self, aws: Aws, changes: Differences) -> None:
        table = self.describe_existing(aws)
        if "pause" in changes:  # it is not deleted, so that no policy has to allow that
            aws.ec2.create_tags(Resources=[self.id], Tags=[{"Key": PAUSE, "Value": self.pause}])
        if "gateway" in changes:
            exists = any(route.get("DestinationCidrBlock") == ANYWHERE for route in table["Routes"])
            self._set_default_route(aws, exists=exists)
        associated = _associations(table)
        wanted = {subnet.id for subnet in self.subnets}
        for subnet in sorted(wanted - set(associated)):
            aws.ec2.associate_route_table(RouteTableId=self.id, SubnetId=subnet)
        for subnet in sorted(set(associated) - wanted):
            aws.ec2.disassociate_route_table(AssociationId=associated[subnet])

    def _set_default_route(self, aws: Aws, *, exists: bool) -> None:
        """Create, replace or delete the default route; one whose gateway was deleted still exists."""
        if self.gateway is None:
            aws.ec2.delete_route(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE)
            return
        target: Any = {target_parameter(self.gateway): self.gateway.id}
        call = aws.ec2.replace_route if exists else aws.ec2.create_route
        call(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE, **target)

    def delete(self, aws: Aws) -> None:
        missing = ["InvalidRouteTableID.NotFound", "InvalidAssociationID.NotFound"]
        for association in _associations(self.describe(aws)).values():
            delete(aws, partial(aws.ec2.disassociate_route_table, AssociationId=association), missing=missing)
        delete(aws, lambda: aws.ec2.delete_route_table(RouteTableId=self.id), missing=missing, in_use=IN_USE)


def _default_gateway(table: dict[str, Any]) -> str:
    """Return the target of the default route; empty if there is no such route, or its gateway does not exist.

    A route to a network interface is a black hole while its instance is stopped or missing, but need not be changed.
    """
    for route in table.get("Routes", []):
        if route.get("DestinationCidrBlock") != ANYWHERE:
            continue
        if interface := route.get("NetworkInterfaceId"):
            return str(interface)
        if route.get("State") == "active":
            return str(route.get("GatewayId") or route.get("NatGatewayId") or "?")
    return ""


def _pause(table: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in table.get("Tags", []) if tag["Key"] == PAUSE), NOT_PAUSED)


def tagged_pause(aws: Aws, tables: Iterable[RouteTable]) -> str:
    """Return whether the stack is paused, by the tags of its route tables: a value of `RouteTable.pause`."""
    found = {_pause(table.describe_cached(aws)) for table in tables if table.id}
    return next((value for value in (ADDRESSES_KEPT, PAUSED) if value in found), NOT_PAUSED)


def _associations(table: dict[str, Any]) -> dict[str, str]:
    """Return the ids of a table's associations, by subnet."""
    return {a["SubnetId"]: a["RouteTableAssociationId"] for a in table.get("Associations", []) if "SubnetId" in a}


def target_parameter(gateway: InternetGateway | NatGateway | NatInterface) -> str:
    """Return the parameter of CreateRoute for a target of this kind."""
    names = {NatGateway: "NatGatewayId", NatInterface: "NetworkInterfaceId"}
    return names.get(type(gateway), "GatewayId")
