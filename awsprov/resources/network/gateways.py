"""The ways in and out of the network: gateways, addresses, and the routes that lead to them."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.errors import AwsprovError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.vpc import Subnet, Vpc

ANYWHERE = "0.0.0.0/0"


@dataclass(eq=False, repr=False)
class InternetGateway(Ec2Resource):
    """The way between a VPC's public addresses and the internet."""

    vpc: Vpc

    kind, describe, listing, key = (
        "internet-gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
    )
    replace_triggered_by = frozenset({"vpc"})
    idempotent_create = False

    def create(self, aws: Aws) -> str:
        answer = aws.ec2.create_internet_gateway(TagSpecifications=self.tagged(aws))
        return answer["InternetGateway"]["InternetGatewayId"]

    def read(self, aws: Aws) -> Values:
        attached = [
            a["VpcId"] for a in self.seen(aws).get("Attachments", []) if a["State"] in ("available", "attached")
        ]
        return {"vpc": next(iter(attached), "")}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.ec2.attach_internet_gateway(InternetGatewayId=self.id, VpcId=self.vpc.id)

    def delete(self, aws: Aws) -> None:
        missing = ["InvalidInternetGatewayID.NotFound", "Gateway.NotAttached"]
        for attachment in self.now(aws).get("Attachments", []):
            detach = partial(aws.ec2.detach_internet_gateway, InternetGatewayId=self.id, VpcId=attachment["VpcId"])
            # Refused while a public address is mapped: one of a NAT gateway or an instance that is still going away.
            delete(aws, detach, missing=missing, in_use=IN_USE, within=1200)
        delete(aws, lambda: aws.ec2.delete_internet_gateway(InternetGatewayId=self.id), missing=missing, in_use=IN_USE)


@dataclass(eq=False, repr=False)
class ElasticIp(Ec2Resource):
    """A public IPv4 address that stays."""

    kind, describe, listing, key = "elastic-ip", "describe_addresses", "Addresses", "AllocationId"
    idempotent_create = False
    pausable = True

    def create(self, aws: Aws) -> str:
        return aws.ec2.allocate_address(Domain="vpc", TagSpecifications=self.tagged(aws))["AllocationId"]

    def delete(self, aws: Aws) -> None:
        """Released for good: a second release may hit the address's next owner, so it is looked up first."""
        if self.now(aws):
            missing = ["InvalidAllocationID.NotFound"]
            delete(aws, lambda: aws.ec2.release_address(AllocationId=self.id), missing=missing, in_use=IN_USE)


@dataclass(eq=False, repr=False)
class NatGateway(Ec2Resource):
    """The way from private subnets to the internet. Costs by the hour."""

    subnet: Subnet
    address: ElasticIp

    kind, describe, listing, key = "natgateway", "describe_nat_gateways", "NatGateways", "NatGatewayId"
    filters = "Filter"
    immutable = frozenset({"subnet", "address"})
    typical_seconds = 100.0
    pausable = True

    def create(self, aws: Aws) -> str:
        answer = aws.ec2.create_nat_gateway(
            SubnetId=self.subnet.id,
            AllocationId=self.address.id,
            ClientToken=self.token,
            TagSpecifications=self.tagged(aws),
        )
        return answer["NatGateway"]["NatGatewayId"]

    def wait(self, aws: Aws) -> None:
        def available() -> bool:
            seen = self.now(aws)
            if seen.get("State") == "failed":
                why = f"{seen.get('FailureCode')}: {seen.get('FailureMessage')}"
                raise AwsprovError(f"{self.name} failed.", why=why, remedy="Run `awsprov up` again: it makes another.")
            return seen.get("State") == "available"

        if self.seen(aws)["State"] != "available":
            aws.wait_until(available, 600, f"{self.name} to be available")

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        address = next((a.get("AllocationId", "") for a in seen.get("NatGatewayAddresses", [])), "")
        return {"subnet": seen["SubnetId"], "address": address}

    def delete(self, aws: Aws) -> None:
        """Returns when it is deleted: until then its address is in use and its subnet and gateway cannot go."""
        delete(aws, lambda: aws.ec2.delete_nat_gateway(NatGatewayId=self.id), missing=["NatGatewayNotFound"])
        aws.wait_until(
            lambda: self.now(aws).get("State", "deleted") == "deleted",
            1800,
            f"{self.name} to be deleted",
        )


@dataclass(eq=False, repr=False)
class RouteTable(Ec2Resource):
    """Where packets go: subnets, and the gateway that their default route leads to.

    Arguments:
        via: an internet or NAT gateway; None for no way out of the VPC.
        subnets: the subnets that use this table.
    """

    vpc: Vpc
    via: InternetGateway | NatGateway | None
    subnets: tuple[Subnet, ...]

    kind, describe, listing, key = "route-table", "describe_route_tables", "RouteTables", "RouteTableId"
    immutable = frozenset({"vpc"})
    pausable = True

    def create(self, aws: Aws) -> str:
        answer = aws.ec2.create_route_table(
            VpcId=self.vpc.id, ClientToken=self.token, TagSpecifications=self.tagged(aws)
        )
        return answer["RouteTable"]["RouteTableId"]

    def read(self, aws: Aws) -> Values:
        seen = self.seen(aws)
        return {"vpc": seen["VpcId"], "via": _way_out(seen), "subnets": sorted(_associations(seen))}

    def wanted(self, aws: Aws) -> Values:
        via = self.via.id if self.via else ""
        return {"vpc": self.vpc.id, "via": via, "subnets": sorted(subnet.id for subnet in self.subnets)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        seen = self.now(aws)
        if "via" in changes:
            self._lead(aws, any(route.get("DestinationCidrBlock") == ANYWHERE for route in seen["Routes"]))
        associated = _associations(seen)
        ours = {subnet.id for subnet in self.subnets}
        for subnet in sorted(ours - set(associated)):
            aws.ec2.associate_route_table(RouteTableId=self.id, SubnetId=subnet)
        for subnet in sorted(set(associated) - ours):
            aws.ec2.disassociate_route_table(AssociationId=associated[subnet])

    def _lead(self, aws: Aws, there: bool) -> None:
        """Set the default route; one that leads nowhere any more is there, too, and is replaced."""
        if self.via is None:
            aws.ec2.delete_route(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE)
            return
        gateway: Any = {"NatGatewayId" if isinstance(self.via, NatGateway) else "GatewayId": self.via.id}
        call = aws.ec2.replace_route if there else aws.ec2.create_route
        call(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE, **gateway)

    def delete(self, aws: Aws) -> None:
        missing = ["InvalidRouteTableID.NotFound", "InvalidAssociationID.NotFound"]
        for association in _associations(self.now(aws)).values():
            delete(aws, partial(aws.ec2.disassociate_route_table, AssociationId=association), missing=missing)
        delete(aws, lambda: aws.ec2.delete_route_table(RouteTableId=self.id), missing=missing, in_use=IN_USE)


def _way_out(description: dict[str, Any]) -> str:
    """The gateway of the default route; empty when there is none, or when it leads to something that is missing."""
    for route in description.get("Routes", []):
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") == "active":
            return str(route.get("GatewayId") or route.get("NatGatewayId") or "?")
    return ""


def _associations(description: dict[str, Any]) -> dict[str, str]:
    """The subnets of a table, each with its association's id."""
    return {a["SubnetId"]: a["RouteTableAssociationId"] for a in description.get("Associations", []) if "SubnetId" in a}
