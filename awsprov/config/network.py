"""The section `network` of config.yaml."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from awsprov.config.fields import Pattern, Section

# Prefix lengths: EC2's largest VPC, and the smallest with 16 subnets of /28, EC2's smallest (VPC user guide).
LARGEST_VPC, SMALLEST_VPC = 16, 24
MAX_ZONES, MAX_PORTS = 6, 12


def _each_once(values: list[str]) -> list[str]:
    """Return the values, each once."""
    return list(dict.fromkeys(values))


SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$"), Pattern("the ID of a subnet")]
_GroupId = Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$"), Pattern("the ID of a security group")]


class NetworkConfig(Section):
    """The VPC. Its range is divided into 16 equal subnets: the first 8 for public ones, the others for private ones."""

    cidr: IPv4Network = IPv4Network("10.0.0.0/16")
    """The VPC's IPv4 range: private, /16 to /24."""
    zones: int = Field(default=2, ge=1, le=MAX_ZONES)
    """The number of availability zones to use."""
    nat: Literal["single", "per-zone", "instance", "none"] = "single"
    """What gives functions internet access: one NAT gateway, one per zone, one small EC2 instance, or nothing."""
    address: Annotated[str, Field(pattern=r"^eipalloc-[0-9a-f]+$"), Pattern("an allocation ID")] | None = None
    """The allocation ID of an existing elastic IP address, with one NAT gateway or a NAT instance; `down` keeps it."""
    endpoints: Annotated[list[Literal["s3", "dynamodb"]], AfterValidator(_each_once)] = Field(default=[], max_length=2)
    """Services with a gateway endpoint, which is free: `s3`, `dynamodb`. Functions reach them without a NAT gateway."""
    subnets: Annotated[list[SubnetId], AfterValidator(_each_once)] = Field(default=[], max_length=16)
    """IDs of existing subnets, one in each zone, in place of `cidr`, `zones` and `nat`: no network is created."""
    groups: Annotated[list[_GroupId], AfterValidator(_each_once)] = Field(default=[], max_length=4)
    """IDs of existing security groups for the functions, beside awsprov's own, such as one that a database lets in."""
    egress_ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(default=[443], max_length=MAX_PORTS)
    """Outbound TCP ports that are open to functions and builder besides 443, such as a database's."""

    @field_validator("address")
    @classmethod
    def _of_one_gateway(cls, address: str | None, info: ValidationInfo) -> str | None:
        if address and info.data.get("nat") not in ("single", "instance", None):
            raise ValueError("is for one NAT gateway or NAT instance; use `nat: single` or `nat: instance`")
        return address

    @field_validator("cidr")
    @classmethod
    def _large_enough(cls, cidr: IPv4Network) -> IPv4Network:
        if cidr.prefixlen < LARGEST_VPC:
            raise ValueError("is too large: a VPC is /16 at most")
        if cidr.prefixlen > SMALLEST_VPC:
            raise ValueError("is too small: it is divided into 16 subnets of at least /28, so it must be /24 or larger")
        if not cidr.is_private:
            raise ValueError("is not a private range: use one within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        return cidr

    @property
    def public_cidrs(self) -> list[str]:
        """The ranges of the public subnets, one per zone."""
        return [str(block) for block in list(self.cidr.subnets(4))[: self.zones]]

    @property
    def private_cidrs(self) -> list[str]:
        """The ranges of the private subnets, one per zone."""
        return [str(block) for block in list(self.cidr.subnets(4))[8 : 8 + self.zones]]
