"""How much of each quota is in use, and whether what the stack adds still fits."""

import re
from collections import Counter
from dataclasses import dataclass

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.config.models import Config
from awsprov.doctor.check_result import CheckResult
from awsprov.doctor.region import chosen_zones, machine
from awsprov.engine.stack import Stack
from awsprov.resources.compute.builder import Builder
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.network.gateways import ElasticIp, InternetGateway, NatGateway
from awsprov.resources.network.vpc import Subnet, Vpc

FEW = 50  # concurrent runs; a new account may have ten


@dataclass(frozen=True)
class Quota:
    """A quota as Service Quotas names it.

    Arguments:
        what: what is counted, in the plural.
        value: AWS's default, for who may not ask for the account's own.
    """

    what: str
    service: str
    code: str
    value: int

    def limit(self, aws: Aws) -> tuple[int, bool]:
        """How many there may be, and whether AWS said so; else it is AWS's default."""
        try:
            told = aws.quotas.get_service_quota(ServiceCode=self.service, QuotaCode=self.code)
        except ClientError:
            return self.value, False
        return int(told["Quota"]["Value"]), True

    def judge(self, aws: Aws, used: int, more: int) -> CheckResult:
        """Whether so many more fit. Against a default there is only a warning: the account's own may be higher."""
        limit, known = self.limit(aws)
        told = f"{used} of {limit} {self.what} in use{'' if known else ' (by the default quota)'}, {more} more wanted"
        if not more or used + more <= limit:
            return CheckResult("ok", told)
        remedy = f"Raise {self.code} under Service Quotas in the console, or delete what you no longer use."
        return CheckResult("fail" if known else "warn", told, remedy)


VPCS = Quota("VPCs", "vpc", "L-F678F1CE", 5)
INTERNET_GATEWAYS = Quota("internet gateways", "vpc", "L-A4707A72", 5)
ADDRESSES = Quota("elastic addresses", "ec2", "L-0263D0A3", 5)
NAT_GATEWAYS = Quota("NAT gateways in a zone", "vpc", "L-FE5A380F", 5)
# By the first letters of the instance type; the other families have quotas of 0 until one asks.
VCPUS = {
    **dict.fromkeys("acdhimrtz", Quota("vCPUs of running standard instances", "ec2", "L-1216C47A", 5)),
    **dict.fromkeys(("g", "vt"), Quota("vCPUs of running G and VT instances", "ec2", "L-DB2E81BA", 0)),
    "p": Quota("vCPUs of running P instances", "ec2", "L-417A185B", 0),
    "f": Quota("vCPUs of running F instances", "ec2", "L-74FC7D96", 0),
    "x": Quota("vCPUs of running X instances", "ec2", "L-7295265B", 0),
}


def vpcs(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """VPCs in the region."""
    return VPCS.judge(aws, len(Vpc.described(aws)), _missing(aws, stack, Vpc))


def internet_gateways(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Internet gateways in the region."""
    used = len(InternetGateway.described(aws))
    return INTERNET_GATEWAYS.judge(aws, used, _missing(aws, stack, InternetGateway))


def addresses(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Elastic addresses in the region."""
    return ADDRESSES.judge(aws, len(ElasticIp.described(aws)), _missing(aws, stack, ElasticIp))


def nat_gateways(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """NAT gateways in the fullest of the stack's zones that gets one."""
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in Subnet.described(aws)}
    living = [nat for nat in NatGateway.described(aws) if NatGateway.lives(nat)]
    used = Counter(zones.get(nat["SubnetId"]) for nat in living)
    wanted = len(stack.of(NatGateway))
    fullest = max((used[zone] for zone in chosen_zones(aws, stack)[:wanted]), default=0)
    return NAT_GATEWAYS.judge(aws, fullest, min(1, _missing(aws, stack, NatGateway)))


def vcpus(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Virtual processors of the running instances of the builder's family."""
    quota = _quota_of(config.builder.instance_type)
    if quota is None:
        return CheckResult("skip", f"the quota of {config.builder.instance_type} is not known here")
    running = Builder.described(aws, ("instance-state-name", "running"))
    used = sum(_threads(seen["CpuOptions"]) for seen in running if _quota_of(seen["InstanceType"]) == quota)
    more = machine(aws, config)["VCpuInfo"]["DefaultVCpus"] if _missing(aws, stack, Builder) else 0
    return quota.judge(aws, used, more)


def concurrency(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """How many of the account's functions may run at once."""
    limit = aws.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    told = f"{limit} functions may run at once in this account and region"
    if limit >= FEW:
        return CheckResult("ok", told)
    return CheckResult(
        "warn", f"{told}: further requests are refused", "Raise L-B99A9384 under Service Quotas in the console."
    )


def _quota_of(instance_type: str) -> Quota | None:
    family = re.match("[a-z]+", instance_type)
    return VCPUS.get(family[0]) if family else None


def _threads(options: dict[str, int]) -> int:
    return options["CoreCount"] * options["ThreadsPerCore"]


def _missing(aws: Aws, stack: Stack, kind: type[Ec2Resource]) -> int:
    """How many of a kind the stack still lacks."""
    return max(0, len(stack.of(kind)) - len(kind.listed(aws)))
