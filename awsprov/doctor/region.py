"""Checks of what the region offers and how the builder is reached: instance type, zones, VPC range, SSH."""

from ipaddress import IPv4Network, ip_address
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.config.builder import SMALL_INSTANCES
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.errors import UsageError
from awsprov.operations.checks import CheckResult
from awsprov.resources.compute.builder import Builder
from awsprov.resources.network.subnets import Zones
from awsprov.resources.network.vpc import Vpc

# New Zealand, Taipei, Malaysia, Thailand, Mexico and Calgary
WITHOUT_MOUNTS = ("ap-southeast-6", "ap-east-2", "ap-southeast-5", "ap-southeast-7", "mx-central-1", "ca-west-1")


def describe_instance_type(aws: Aws, config: Config) -> Any:
    """Return EC2's description of the builder's instance type.

    Raises:
        UsageError: the type does not exist in the region.
    """
    name = config.builder.instance_type
    try:
        return aws.cached("instance type", lambda: _describe(aws, name))
    except ClientError as error:
        if error_code(error) not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        remedy = "Correct `builder.instance_type`."
        raise UsageError(f"There is no instance type {name!r} in {aws.region}.", remedy=remedy) from error


def _describe(aws: Aws, name: str) -> Any:
    names: Any = [name]
    return aws.ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"][0]


def instance_type(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the builder's instance type exists and has the libraries' architecture."""
    name, architecture = config.builder.instance_type, config.libraries.architecture
    supported = describe_instance_type(aws, config)["ProcessorInfo"]["SupportedArchitectures"]
    if architecture in supported:
        return CheckResult("ok", f"{name} is {architecture}")
    other = SMALL_INSTANCES[architecture]
    raise UsageError(
        f"{name} is {', '.join(supported)}, but `libraries.architecture` is {architecture}.",
        remedy=f"Use the same architecture for both, for example `builder.instance_type: {other}`.",
    )


def zones(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that enough availability zones offer the builder's instance type."""
    return CheckResult("ok", f"{config.builder.instance_type} is offered in {', '.join(chosen_zones(aws, stack))}")


def chosen_zones(aws: Aws, stack: Stack) -> list[str]:
    """Return the names of the zones that the stack uses or would use.

    Raises:
        UsageError: too few zones offer the builder's instance type.
    """
    (choice,) = stack.of(Zones)
    return aws.cached("chosen zones", lambda: choice.find(aws) or choice.create(aws)).split(",")


def mounts(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Warn about a region in which functions could not mount file systems when this list was made.

    Source: Lambda developer guide, "Configuring file system access for Lambda functions".
    """
    if aws.region not in WITHOUT_MOUNTS:
        return CheckResult("ok", f"functions in {aws.region} can mount file systems")
    remedy = "Read the page on file system access of Lambda's developer guide, or choose another `region`."
    return CheckResult("warning", f"Lambda may not support file systems in {aws.region}", remedy)


def vpc_range(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Warn if another VPC of the region has an overlapping range: the two could not be connected."""
    cidr = config.network.cidr
    others = {vpc["VpcId"]: vpc["CidrBlock"] for vpc in Vpc.describe_all(aws) if not aws.tagged_name(vpc.get("Tags"))}
    overlapping = [f"{vpc} ({block})" for vpc, block in others.items() if cidr.overlaps(IPv4Network(block))]
    if not overlapping:
        return CheckResult("ok", f"no other VPC in {aws.region} overlaps {cidr}")
    remedy = "If you may ever connect them (peering, VPN), choose another `network.cidr` before the first `up`."
    return CheckResult("warning", f"{cidr} overlaps {', '.join(overlapping)}", remedy)


def ssh_access(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the builder's security group would let this machine in."""
    address, allowed = aws.address(), config.builder.ssh_from
    if config.builder.via:
        return CheckResult("ok", f"through {config.builder.via}")
    if config.network.subnets and not stack.of(Builder)[0].has_public_address(aws):
        return CheckResult("ok", f"from {allowed}, to its private address")
    if allowed == "auto":
        return CheckResult("ok", f"only from this machine's address, {address}")
    if aws.local:  # a range of the network that the project is for; the local cloud only records it
        return CheckResult("ok", f"from this machine; on AWS from {allowed}")
    if ip_address(address) not in allowed:
        raise UsageError(
            f"`builder.ssh_from` is {allowed}, which does not contain this machine's address {address}: "
            "it could not install the libraries.",
            remedy="Set `builder.ssh_from: auto`, or a range that contains the address.",
        )
    if allowed.prefixlen == 0:
        return CheckResult("warning", "from the whole internet", "Set `builder.ssh_from: auto`.")
    return CheckResult("ok", f"from {allowed}, which contains this machine's address {address}")
