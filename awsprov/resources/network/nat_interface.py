"""The network interface of a NAT instance, which stays when the instance is replaced."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.missing_ok import IN_USE, delete
from awsprov.resources.network.addresses import ElasticIp, ExistingElasticIp
from awsprov.resources.network.gateways import NatGateway
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.network.subnets import Subnet


def interface_description(aws: Aws) -> str:
    """Return the description of the network interface on AWS."""
    return f"NAT instance of {aws.stack}"


@dataclass(eq=False, repr=False)
class NatInterface(Ec2Resource):
    """The network interface of a NAT instance: it has the public address, and private routes lead to it.

    EC2 drops packets that an interface neither sends nor receives itself, unless its source/destination check is off
    (Amazon VPC user guide, NAT instances).

    Arguments:
        subnet: the public subnet that it is in.
        security_group: its security group.
        address: its public address.
    """

    subnet: Subnet
    security_group: SecurityGroup
    address: ElasticIp | ExistingElasticIp

    resource_type = "network-interface"
    describe_method = "describe_network_interfaces"
    result_key = "NetworkInterfaces"
    id_key = "NetworkInterfaceId"
    immutable = frozenset({"subnet"})
    replace_triggered_by = frozenset({"subnet", "security_group"})
    pausable = True

    @classmethod
    def descriptions(cls, page: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the network interfaces in a response, with their tags under the name that all other types have."""
        return [{**each, "Tags": each.get("TagSet", [])} for each in page["NetworkInterfaces"]]

    def takes_place_of(self, orphan: Resource) -> bool:
        """Return whether it is a NAT gateway, whose address it takes over."""
        return isinstance(orphan, NatGateway)

    def create(self, aws: Aws) -> str:
        return aws.ec2.create_network_interface(
            SubnetId=self.subnet.id,
            Groups=[self.security_group.id],
            Description=interface_description(aws),
            ClientToken=self.token,
            TagSpecifications=self.tag_specifications(aws),
        )["NetworkInterface"]["NetworkInterfaceId"]

    def read(self, aws: Aws) -> Values:
        interface = self.describe_cached(aws)
        return {
            "subnet": interface["SubnetId"],
            "security_group": ",".join(sorted(group["GroupId"] for group in interface["Groups"])),
            "source_dest_check": interface["SourceDestCheck"],
            "address": interface.get("Association", {}).get("AllocationId", ""),
        }

    def wanted(self, aws: Aws) -> Values:
        return {**self.inputs, "source_dest_check": False}

    def configure(self, aws: Aws, changes: Differences) -> None:
        modify = partial(aws.ec2.modify_network_interface_attribute, NetworkInterfaceId=self.id)
        if "source_dest_check" in changes:
            modify(SourceDestCheck={"Value": False})
        if "security_group" in changes:
            modify(Groups=[self.security_group.id])
        if "address" in changes:
            self._associate_address(aws)

    def _associate_address(self, aws: Aws) -> None:
        """Associate the address in place of another one, which an interface must lose first."""
        association = self.describe(aws).get("Association", {}).get("AssociationId")
        if association:
            aws.ec2.disassociate_address(AssociationId=association)
        aws.ec2.associate_address(AllocationId=self.address.id, NetworkInterfaceId=self.id, AllowReassociation=False)

    def delete(self, aws: Aws) -> None:
        """Delete it, when the instance that used it is terminated; its association with the address ends with it."""
        call = partial(aws.ec2.delete_network_interface, NetworkInterfaceId=self.id)
        missing = ["InvalidNetworkInterfaceID.NotFound"]
        delete(aws, call, missing=missing, in_use=[*IN_USE, "InvalidParameterValue"], within=600)
