"""The VPC of a stack."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Values
from awsprov.resources.described import LISTED_WITHIN
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete, none_if_missing
from awsprov.resources.network.foreign_resources import check_vpc

ANYWHERE = "0.0.0.0/0"
_MISSING = ("InvalidVpcID.NotFound",)


@dataclass(eq=False, repr=False)
class Vpc(Ec2Resource):
    """A virtual network of its own.

    Arguments:
        cidr: its IPv4 range, /16 to /28.
    """

    cidr: str

    resource_type = "vpc"
    describe_method = "describe_vpcs"
    result_key = "Vpcs"
    id_key = "VpcId"
    immutable = frozenset({"cidr"})
    idempotent_create = False

    def create(self, aws: Aws) -> str:
        response = aws.ec2.create_vpc(CidrBlock=self.cidr, TagSpecifications=self.tag_specifications(aws))
        return response["Vpc"]["VpcId"]

    def wait(self, aws: Aws) -> None:
        self.wait_for_state(aws, "available", LISTED_WITHIN)

    def read(self, aws: Aws) -> Values:
        names = aws.cached(f"dns {self.id}", lambda: self._host_names(aws))
        return {"cidr": self.describe_cached(aws)["CidrBlock"], "dns_hostnames": names.get("Value", False)}

    def _host_names(self, aws: Aws) -> Any:
        """Return the attribute of DNS host names. EC2 may not know the attributes of a VPC that it lists already."""
        call = partial(aws.ec2.describe_vpc_attribute, VpcId=self.id, Attribute="enableDnsHostnames")
        ask = partial(none_if_missing, call, missing=_MISSING)
        return aws.wait_until(ask, LISTED_WITHIN, f"the attributes of {self.name}")["EnableDnsHostnames"]

    def wanted(self, aws: Aws) -> Values:
        """Return the arguments, and DNS host names: without them the file system's DNS name is not resolved."""
        return {"cidr": self.cidr, "dns_hostnames": True}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})

    def delete(self, aws: Aws) -> None:
        """Delete it, with what GuardDuty created in it."""
        delete(
            aws,
            lambda: aws.ec2.delete_vpc(VpcId=self.id),
            missing=_MISSING,
            in_use=IN_USE,
            on_in_use=lambda: check_vpc(aws, self.id),
        )
