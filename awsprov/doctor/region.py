"""Where the stack is to stand: the builder's type and zones, its range of addresses, and the way in from here."""

from ipaddress import IPv4Network, ip_address
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.config.models import Config
from awsprov.doctor.check_result import CheckResult
from awsprov.engine.stack import Stack
from awsprov.errors import UsageError
from awsprov.resources.network.vpc import Vpc, Zones


def machine(aws: Aws, config: Config) -> Any:
    """The description of the builder's instance type.

    Raises:
        UsageError: there is none of that name.
    """
    kind = config.builder.instance_type
    try:
        return aws.cached("machine", lambda: _described(aws, kind))
    except ClientError as error:
        if error_code(error) not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        remedy = "Correct `builder.instance_type`."
        raise UsageError(f"There is no instance type {kind!r} in {aws.region}.", remedy=remedy) from error


def _described(aws: Aws, kind: str) -> Any:
    wanted: Any = [kind]
    return aws.ec2.describe_instance_types(InstanceTypes=wanted)["InstanceTypes"][0]


def instance_type(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether the builder's type exists, and is of the libraries' architecture."""
    kind, wanted = config.builder.instance_type, config.libraries.architecture
    able = machine(aws, config)["ProcessorInfo"]["SupportedArchitectures"]
    if wanted in able:
        return CheckResult("ok", f"{kind} is {wanted}")
    other = "t4g.small" if wanted == "arm64" else "t3.small"
    raise UsageError(
        f"{kind} is {', '.join(able)}, and `libraries.architecture` is {wanted}.",
        remedy=f"Make both the same: `builder.instance_type: {other}`, for example.",
    )


def zones(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether enough zones offer that type."""
    return CheckResult("ok", f"{config.builder.instance_type} is offered in {', '.join(chosen_zones(aws, stack))}")


def chosen_zones(aws: Aws, stack: Stack) -> list[str]:
    """The zones that the stack is in, or would choose.

    Raises:
        UsageError: too few offer the builder's type.
    """
    (choice,) = stack.of(Zones)
    return aws.cached("chosen zones", lambda: choice.find(aws) or choice.create(aws)).split(",")


def address_range(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether another VPC of the region has the same addresses. AWS does not mind, until one connects the two."""
    cidr = config.network.cidr
    others = {vpc["VpcId"]: vpc["CidrBlock"] for vpc in Vpc.described(aws) if not aws.tagged_name(vpc.get("Tags"))}
    same = [f"{vpc} ({block})" for vpc, block in others.items() if cidr.overlaps(IPv4Network(block))]
    if not same:
        return CheckResult("ok", f"{cidr} is free in {aws.region}")
    remedy = "Choose another `network.cidr` before the first `up`, if the two shall ever be connected."
    return CheckResult("warn", f"{cidr} overlaps with {', '.join(same)}", remedy)


def ssh(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Whether the builder would let this machine in."""
    here, given = aws.address(), config.builder.ssh_from
    if given == "auto":
        return CheckResult("ok", f"open to this machine's address alone, {here}")
    if ip_address(here) not in given:
        raise UsageError(
            f"`builder.ssh_from` is {given}, and this machine comes from {here}: it could not install the libraries.",
            remedy="Set `builder.ssh_from: auto`, or to a range that this address is in.",
        )
    if given.prefixlen == 0:
        return CheckResult("warn", "open to the whole internet", "Set `builder.ssh_from: auto`.")
    return CheckResult("ok", f"open to {given}, where this machine ({here}) is")
