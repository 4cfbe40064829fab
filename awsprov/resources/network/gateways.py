"""Internet gateway, NAT gateways with their elastic IP addresses, and route tables."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import AwsprovError, UsageError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import ANYWHERE, Vpc


@dataclass(eq=False, repr=False)
class InternetGateway(Ec2Resource):
    """An internet gateway: connects the public addresses of a VPC to the internet.

    Arguments:
        vpc: the VPC that it is attached to.
    """

    vpc: Vpc

    resource_type = "internet-gateway"
    describe_method = "describe_internet_gateways"
    result_key = "InternetGateways"
    id_key = "InternetGatewayId"
    replace_triggered_by = frozenset({"vpc"})
    idempotent_create = False

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_internet_gateway(TagSpecifications=self.tag_specifications(aws))
        return response["InternetGateway"]["InternetGatewayId"]

    def read(self, aws: Aws) -> Values:
        attached = [
            a["VpcId"]
            for a in self.describe_cached(aws).get("Attachments", [])
            if a["State"] in ("available", "attached")
        ]
        return {"vpc": next(iter(attached), "")}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.ec2.attach_internet_gateway(InternetGatewayId=self.id, VpcId=self.vpc.id)

    def delete(self, aws: Aws) -> None:
        missing = ["InvalidInternetGatewayID.NotFound", "Gateway.NotAttached"]
        for attachment in self.describe(aws).get("Attachments", []):
            detach = partial(aws.ec2.detach_internet_gateway, InternetGatewayId=self.id, VpcId=attachment["VpcId"])
            # Refused while a public address is in use, by a NAT gateway or an instance that is still being deleted.
            delete(aws, detach, missing=missing, in_use=IN_USE, within=1200)
        delete(aws, lambda: aws.ec2.delete_internet_gateway(InternetGatewayId=self.id), missing=missing, in_use=IN_USE)


@dataclass(eq=False, repr=False)
class ElasticIp(Ec2Resource):
    """An elastic IP address: a public IPv4 address that stays the same."""

    resource_type = "elastic-ip"
    describe_method = "describe_addresses"
    result_key = "Addresses"
    id_key = "AllocationId"
    idempotent_create = False
    pausable = True

    def create(self, aws: Aws) -> str:
        return aws.ec2.allocate_address(Domain="vpc", TagSpecifications=self.tag_specifications(aws))["AllocationId"]

    def delete(self, aws: Aws) -> None:
        """Release the address if it is still the account's: a second release could hit its next owner's."""
        if self.describe(aws):
            missing = ["InvalidAllocationID.NotFound"]
            delete(aws, lambda: aws.ec2.release_address(AllocationId=self.id), missing=missing, in_use=IN_USE)

    def public_ip(self, aws: Aws) -> str:
        """Return the address."""
        return str(self.describe_cached(aws).get("PublicIp", ""))


@dataclass(eq=False, repr=False)
class ExistingElasticIp(Resource):
    """An elastic IP address that exists on AWS and is not released with the stack.

    Arguments:
        allocation: its allocation id.
    """

    allocation: str

    area = "network"
    virtual = True

    def _describe(self, aws: Aws) -> Any:
        """Return its description; empty if it does not exist."""
        found = aws.cached("ExistingElasticIp", lambda: ElasticIp.describe_all(aws, ("allocation-id", self.allocation)))
        return next(iter(found), {})

    def find(self, aws: Aws) -> str:
        """Return its allocation id if it exists.

        Raises:
            UsageError: it does not exist.
        """
        if not self._describe(aws):
            raise UsageError(
                f"The elastic IP address {self.allocation} does not exist in {aws.region}.",
                remedy="Correct `network.address`, or remove it and awsprov allocates an address.",
            )
        return self.allocation

    def public_ip(self, aws: Aws) -> str:
        """Return the address."""
        return str(self._describe(aws).get("PublicIp", ""))


@dataclass(eq=False, repr=False)
class NatGateway(Ec2Resource):
    """A NAT gateway: connects private subnets to the internet. It costs by the hour.

    Arguments:
        subnet: the public subnet that it is in.
        address: its public address.
    """

    subnet: Subnet
    address: ElasticIp | ExistingElasticIp

    resource_type = "natgateway"
    describe_method = "describe_nat_gateways"
    result_key = "NatGateways"
    id_key = "NatGatewayId"
    filters_parameter = "Filter"
    immutable = frozenset({"subnet", "address"})
    typical_seconds = 100.0
    pausable = True

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_nat_gateway(
            SubnetId=self.subnet.id,
            AllocationId=self.address.id,
            ClientToken=self.token,
            TagSpecifications=self.tag_specifications(aws),
        )
        return response["NatGateway"]["NatGatewayId"]

    def wait(self, aws: Aws) -> None:
        def available() -> bool:
            gateway = self.describe(aws)
            if gateway.get("State") == "failed":
                why = f"{gateway.get('FailureCode')}: {gateway.get('FailureMessage')}"
                raise AwsprovError(
                    f"{self.name} could not be created.", why=why, remedy="Run `awsprov up` again: it creates another."
                )
            return gateway.get("State") == "available"

        if self.describe_cached(aws)["State"] != "available":
            aws.wait_until(available, 600, f"{self.name} to be available")

    def read(self, aws: Aws) -> Values:
        gateway = self.describe_cached(aws)
        address = next((a.get("AllocationId", "") for a in gateway.get("NatGatewayAddresses", [])), "")
        return {"subnet": gateway["SubnetId"], "address": address}

    def delete(self, aws: Aws) -> None:
        """Return when it is deleted: until then its address, its subnet and the internet gateway are in use."""
        delete(aws, lambda: aws.ec2.delete_nat_gateway(NatGatewayId=self.id), missing=["NatGatewayNotFound"])
        aws.wait_until(
            lambda: self.describe(aws).get("State", "deleted") == "deleted", 1800, f"{self.name} to be deleted"
        )


@dataclass(eq=False, repr=False)
class RouteTable(Ec2Resource):
    """A route table: the default route of some subnets.

    Arguments:
        vpc: the VPC.
        gateway: the internet or NAT gateway of the default route; None for no route out of the VPC.
        subnets: the subnets that use this table.
    """

    vpc: Vpc
    gateway: InternetGateway | NatGateway | None
    subnets: tuple[Subnet, ...]

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
        return {"vpc": table["VpcId"], "gateway": _default_gateway(table), "subnets": sorted(_associations(table))}

    def wanted(self, aws: Aws) -> Values:
        gateway = self.gateway.id if self.gateway else ""
        return {"vpc": self.vpc.id, "gateway": gateway, "subnets": sorted(subnet.id for subnet in self.subnets)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        table = self.describe(aws)
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
        gateway: Any = {"NatGatewayId" if isinstance(self.gateway, NatGateway) else "GatewayId": self.gateway.id}
        call = aws.ec2.replace_route if exists else aws.ec2.create_route
        call(RouteTableId=self.id, DestinationCidrBlock=ANYWHERE, **gateway)

    def delete(self, aws: Aws) -> None:
        missing = ["InvalidRouteTableID.NotFound", "InvalidAssociationID.NotFound"]
        for association in _associations(self.describe(aws)).values():
            delete(aws, partial(aws.ec2.disassociate_route_table, AssociationId=association), missing=missing)
        delete(aws, lambda: aws.ec2.delete_route_table(RouteTableId=self.id), missing=missing, in_use=IN_USE)


def _default_gateway(table: dict[str, Any]) -> str:
    """Return the gateway of the default route; empty if there is no such route, or its gateway does not exist."""
    for route in table.get("Routes", []):
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") == "active":
            return str(route.get("GatewayId") or route.get("NatGatewayId") or "?")
    return ""


def _associations(table: dict[str, Any]) -> dict[str, str]:
    """Return the ids of a table's associations, by subnet."""
    return {a["SubnetId"]: a["RouteTableAssociationId"] for a in table.get("Associations", []) if "SubnetId" in a}
