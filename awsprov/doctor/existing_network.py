"""Checks of an existing network: everything that would fail half-way through `up`. They only read."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from awsprov.aws.client import Aws
from awsprov.config.models import Config
from awsprov.engine.stack import Stack
from awsprov.errors import UsageError
from awsprov.operations.checks import CheckResult
from awsprov.resources.compute.builder import Builder
from awsprov.resources.network.existing import (
    ExistingSubnet,
    default_route,
    describe_subnets,
    leads_to_internet_gateway,
)
from awsprov.resources.network.security_groups import SecurityGroup
from awsprov.resources.storage.file_system import MountTarget

# Addresses that a subnet needs: one for the mount target, one for the builder. Lambda creates an interface for each
# combination of subnet and security groups, and more if they carry many connections (Lambda developer guide).
_MOUNT_TARGET, _BUILDER, _FUNCTIONS = 1, 1, 1
_UNREACHABLE = (
    "it does not route to an internet gateway, so that a builder there has a private address: set `builder.via`, or "
    "`builder.ssh_from` to the range from which this machine reaches it (VPN, or a runner in the VPC)"
)


def subnets(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the subnets exist, in one VPC, each in an availability zone of its own."""
    found = _subnets(aws, config)
    named = dict.fromkeys([*config.network.subnets, *([config.builder.subnet] if config.builder.subnet else [])])
    problems = [f"{id_} does not exist in {aws.region}" for id_ in named if id_ not in found]
    vpcs = {id_: str(each["VpcId"]) for id_, each in found.items()}
    if len(set(vpcs.values())) > 1:
        problems.append(f"they are of several VPCs: {', '.join(f'{id_} of {vpc}' for id_, vpc in vpcs.items())}")
    problems += _zone_problems(aws, [found[id_] for id_ in config.network.subnets if id_ in found])
    _refuse("`network.subnets`", problems, "Name subnets of one VPC, one in each availability zone.")
    zones = ", ".join(f"{id_} in {found[id_]['AvailabilityZone']}" for id_ in config.network.subnets)
    return CheckResult("ok", f"of {next(iter(vpcs.values()))}: {zones}")


def _zone_problems(aws: Aws, found: list[dict[str, Any]]) -> Iterable[str]:
    """Yield what keeps EFS from creating a mount target for each subnet (EFS user guide, managing mount targets)."""
    ids = {zone: [each["SubnetId"] for each in found if each["AvailabilityZone"] == zone] for zone in _zones(found)}
    for zone, several in ids.items():
        if len(several) > 1:
            yield f"{' and '.join(several)} are both in {zone}, where a file system has one mount target"
    listed: Any = aws.ec2.describe_availability_zones()["AvailabilityZones"]
    kinds = {each["ZoneName"]: each.get("ZoneType", "") for each in listed}
    for zone, several in ids.items():
        if kinds.get(zone, "availability-zone") != "availability-zone":
            yield f"{several[0]} is in {zone}, a {kinds[zone]}, where EFS has no mount targets"
    for each in found:
        if each.get("OutpostArn"):
            yield f"{each['SubnetId']} is on an Outpost, where EFS has no mount targets"


def _zones(found: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(each["AvailabilityZone"] for each in found))


def free_addresses(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the subnets have free addresses for what is still to be created in them."""
    needed: Counter[str] = Counter()
    for target in stack.of(MountTarget):
        needed[target.subnet.name] += 0 if target.id else _MOUNT_TARGET + _FUNCTIONS
    for builder in stack.of(Builder):
        needed[builder.subnet.name] += 0 if builder.id else _BUILDER
    by_name = {each.name: each.subnet for each in stack.of(ExistingSubnet)}
    found = _subnets(aws, config)
    free = {by_name[n]: found[by_name[n]]["AvailableIpAddressCount"] for n in needed if by_name[n] in found}
    short = [f"{by_name[n]} has {free[by_name[n]]} and needs {needed[n]}" for n in needed
             if free.get(by_name[n], needed[n]) < needed[n]]  # fmt: skip
    _refuse("Free addresses", short, "Free addresses in these subnets, or name larger ones.")
    return CheckResult("ok", ", ".join(f"{count} in {id_}" for id_, count in free.items()))


def dns(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the VPC has DNS support and DNS host names: Lambda finds the file system by its name."""
    missing = []
    for vpc in dict.fromkeys(str(each["VpcId"]) for each in _subnets(aws, config).values()):
        support = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]
        names = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]
        missing += [] if support.get("Value") else [f"{vpc} has no DNS support (enableDnsSupport)"]
        missing += [] if names.get("Value") else [f"{vpc} has no DNS host names (enableDnsHostnames)"]
    _refuse("DNS", missing, "Have the owner of the VPC enable that: functions find the file system by its DNS name.")
    return CheckResult("ok", "the VPC has DNS support and DNS host names")


def security_groups(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the groups exist and are of the subnets' VPC."""
    vpcs = {str(each["VpcId"]) for each in _subnets(aws, config).values()}
    found = {g: SecurityGroup.describe_all(aws, ("group-id", g)) for g in config.network.groups}
    problems = [f"{g} does not exist in {aws.region}" for g, groups in found.items() if not groups]
    problems += [f"{g} is of {each['VpcId']}, not of {', '.join(sorted(vpcs))}" for g, groups in found.items()
                 for each in groups if vpcs and each["VpcId"] not in vpcs]  # fmt: skip
    _refuse("`network.groups`", problems, "Name security groups of the subnets' VPC.")
    return CheckResult("ok", ", ".join(config.network.groups) or "none beside awsprov's own")


def builder_subnet(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that the builder reaches package indexes, that SSH reaches it, and that its zone has its instance type."""
    id_ = config.builder.subnet or config.network.subnets[0]
    subnet = _subnets(aws, config).get(id_)
    if subnet is None:
        return CheckResult("skipped", f"{id_} does not exist")
    route = default_route(aws, subnet)
    problems = [] if route else ["it has no default route, so that a builder there cannot download packages"]
    problems += [] if _reachable(config, route) else [_UNREACHABLE]
    zone, kind = subnet["AvailabilityZone"], config.builder.instance_type
    if not _offered(aws, zone, kind):
        problems.append(f"its zone, {zone}, does not offer {kind}")
    remedy = "Set `builder.subnet` to a subnet with such a route; for SSH to a private address, `builder.via`."
    _refuse(f"The builder's subnet, {id_}", problems, remedy)
    how = f"SSH through {config.builder.via}" if config.builder.via else "SSH directly"
    return CheckResult("ok", f"{id_}: {'public' if leads_to_internet_gateway(route) else 'private'} address, {how}")


def _reachable(config: Config, route: dict[str, Any]) -> bool:
    """Return whether SSH may reach a builder whose subnet has this default route."""
    return bool(leads_to_internet_gateway(route) or config.builder.via or config.builder.ssh_from != "auto")


def _offered(aws: Aws, zone: str, instance_type: str) -> bool:
    """Return whether an availability zone offers an instance type."""
    filters: Any = [{"Name": "instance-type", "Values": [instance_type]}, {"Name": "location", "Values": [zone]}]
    response = aws.ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)
    return any(offer["Location"] == zone for offer in response["InstanceTypeOfferings"])


def _subnets(aws: Aws, config: Config) -> dict[str, dict[str, Any]]:
    """Return the descriptions of the existing subnets, the builder's included, by id."""
    builder = [config.builder.subnet] if config.builder.subnet else []
    return describe_subnets(aws, dict.fromkeys([*config.network.subnets, *builder]))


def _refuse(what: str, problems: Iterable[str], remedy: str) -> None:
    if found := "; ".join(problems):
        raise UsageError(f"{what}: {found}.", remedy=remedy)


CHECKS = {
    "existing subnets": subnets,
    "free addresses": free_addresses,
    "DNS of the VPC": dns,
    "existing groups": security_groups,
    "builder's subnet": builder_subnet,
}
