"""The internet gateway, and NAT gateways."""

from dataclasses import dataclass
from functools import partial

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.errors import AwsprovError
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import Vpc


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

    def takes_place_of(self, orphan: Resource) -> bool:
        """Return whether it is a part of a NAT instance, whose address a gateway of the same stack takes over."""
        return orphan.type in ("NatInterface", "NatInstance")

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
