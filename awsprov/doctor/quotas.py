"""Checks of service quotas: what is in use, and whether what the stack adds still fits."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.config.models import Config
from awsprov.doctor.region import chosen_zones, describe_instance_type
from awsprov.engine.stack import Stack
from awsprov.operations.checks import CheckResult
from awsprov.resources.compute.builder import Builder
from awsprov.resources.compute.nat_instance import NatInstance
from awsprov.resources.ec2 import Ec2Resource
from awsprov.resources.network.addresses import ElasticIp
from awsprov.resources.network.endpoints import GatewayEndpoint
from awsprov.resources.network.gateways import InternetGateway, NatGateway
from awsprov.resources.network.subnets import Subnet
from awsprov.resources.network.vpc import Vpc

MIN_CONCURRENCY = 50  # concurrent executions; a new account may have only 10
NEW_ACCOUNT_MEMORY = 3008  # MB of a function's memory that Lambda may allow at most in a new account


@dataclass(frozen=True)
class ServiceQuota:
    """A quota as Service Quotas names it.

    Arguments:
        what: what is counted, in the plural.
        service: the service code, as in `ec2`.
        code: the quota code, as in `L-1216C47A`.
        default: AWS's default value, used if the caller may not read the account's own.
    """

    what: str
    service: str
    code: str
    default: int

    def limit(self, aws: Aws) -> tuple[int, bool]:
        """Return the limit, and whether it is the account's own; otherwise it is AWS's default."""
        try:
            response = aws.quotas.get_service_quota(ServiceCode=self.service, QuotaCode=self.code)
        except ClientError:
            return self.default, False
        return int(response["Quota"]["Value"]), True

    def check(self, aws: Aws, used: int, needed: int) -> CheckResult:
        """Check that more resources fit. A default limit only warns: the account's own may be higher."""
        limit, known = self.limit(aws)
        message = f"{used} of {limit} {self.what} in use{'' if known else ' (default quota)'}, {needed} more needed"
        if not needed or used + needed <= limit:
            return CheckResult("ok", message)
        remedy = f"Request an increase of {self.code} in Service Quotas, or delete what you no longer use."
        return CheckResult("failed" if known else "warning", message, remedy)


INTEGRATION_TIMEOUT = ServiceQuota("milliseconds that an API may wait", "apigateway", "L-E5AE38E3", 29_000)
VPCS = ServiceQuota("VPCs", "vpc", "L-F678F1CE", 5)
INTERNET_GATEWAYS = ServiceQuota("internet gateways", "vpc", "L-A4707A72", 5)
ELASTIC_IPS = ServiceQuota("elastic IPs", "ec2", "L-0263D0A3", 5)
NAT_GATEWAYS = ServiceQuota("NAT gateways in a zone", "vpc", "L-FE5A380F", 5)
GATEWAY_ENDPOINTS = ServiceQuota("gateway endpoints", "vpc", "L-1B52E74A", 20)
_NAT_VCPUS = 2  # of t3.nano and t4g.nano
# By the first letters of the instance type. Other families have a quota of 0 until an increase is granted.
VCPUS = {
    **dict.fromkeys("acdhimrtz", ServiceQuota("vCPUs of running standard instances", "ec2", "L-1216C47A", 5)),
    **dict.fromkeys(("g", "vt"), ServiceQuota("vCPUs of running G and VT instances", "ec2", "L-DB2E81BA", 0)),
    "p": ServiceQuota("vCPUs of running P instances", "ec2", "L-417A185B", 0),
    "f": ServiceQuota("vCPUs of running F instances", "ec2", "L-74FC7D96", 0),
    "x": ServiceQuota("vCPUs of running X instances", "ec2", "L-7295265B", 0),
}


def vpcs(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the number of VPCs in the region."""
    return VPCS.check(aws, len(Vpc.describe_all(aws)), _missing(aws, stack, Vpc))


def internet_gateways(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the number of internet gateways in the region."""
    used = len(InternetGateway.describe_all(aws))
    return INTERNET_GATEWAYS.check(aws, used, _missing(aws, stack, InternetGateway))


def elastic_ips(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the number of elastic IPs in the region."""
    return ELASTIC_IPS.check(aws, len(ElasticIp.describe_all(aws)), _missing(aws, stack, ElasticIp))


def nat_gateways(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the number of NAT gateways in the fullest zone that gets one from the stack."""
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in Subnet.describe_all(aws)}
    living = [nat for nat in NatGateway.describe_all(aws) if NatGateway.exists(nat)]
    used = Counter(zones.get(nat["SubnetId"]) for nat in living)
    wanted = len(stack.of(NatGateway))
    if not wanted:
        return CheckResult("skipped", "the stack has no NAT gateway")
    fullest = max((used[zone] for zone in chosen_zones(aws, stack)[:wanted]), default=0)
    return NAT_GATEWAYS.check(aws, fullest, min(1, _missing(aws, stack, NatGateway)))


def gateway_endpoints(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the number of gateway endpoints in the region."""
    living = [each for each in GatewayEndpoint.describe_all(aws) if GatewayEndpoint.exists(each)]
    return GATEWAY_ENDPOINTS.check(aws, len(living), _missing(aws, stack, GatewayEndpoint))


def vcpus(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check the vCPUs of the running instances that count towards the builder's quota."""
    quota = _quota_of(config.builder.instance_type)
    if quota is None:
        return CheckResult("skipped", f"awsprov does not know the quota for {config.builder.instance_type}")
    running = Builder.describe_all(aws, ("instance-state-name", "running"))
    counted = [each for each in running if _quota_of(each["InstanceType"]) == quota]
    used = sum(_vcpus(aws, each) for each in counted)
    missing = _missing(aws, stack, Builder)
    needed = describe_instance_type(aws, config)["VCpuInfo"]["DefaultVCpus"] if missing else 0
    if quota == _quota_of("t3.nano"):
        needed += _NAT_VCPUS * _missing(aws, stack, NatInstance)
    return quota.check(aws, used, needed)


def integration_timeout(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Check that API Gateway may wait for a function as long as `api.timeout` says."""
    quota, needed = INTEGRATION_TIMEOUT, config.api.waits * 1000
    if config.api.type == "http" or needed <= quota.default:
        return CheckResult("ok", f"the API waits {config.api.waits} s for a function")
    limit, known = quota.limit(aws)
    message = f"`api.timeout` is {config.api.waits} s; the quota allows {limit / 1000:g} s"
    if needed <= limit:
        return CheckResult("ok", message)
    request = "aws service-quotas request-service-quota-increase"
    codes = f"--service-code {quota.service} --quota-code {quota.code} --desired-value {needed}"
    remedy = f"Request an increase, for which AWS may lower the account's request rate: `{request} {codes}`"
    return CheckResult("failed" if known else "warning", message, remedy)


def concurrency(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Warn about an account with a low limit of concurrent executions, as new accounts have."""
    limit = aws.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    message = f"{limit} concurrent executions in this account and region"
    if limit >= MIN_CONCURRENCY:
        return CheckResult("ok", message)
    remedy = "Request an increase of L-B99A9384 in Service Quotas."
    return CheckResult("warning", f"{message}; Lambda throttles requests above that", remedy)


def memory(aws: Aws, config: Config, stack: Stack) -> CheckResult:
    """Warn about functions with more memory than a new account may give them. No API returns that limit.

    Source: Lambda developer guide, "Troubleshoot deployment issues", on the error for `MemorySize` above 3,008 MB.
    """
    largest = max(function.memory for function in config.functions.values())
    if largest <= NEW_ACCOUNT_MEMORY:
        return CheckResult("ok", f"at most {largest} MB, which every account allows")
    if aws.lambda_.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] >= MIN_CONCURRENCY:
        return CheckResult("ok", f"up to {largest} MB")
    remedy = "If `awsprov up` fails on `MemorySize`, ask AWS Support for more memory, or lower `memory`."
    return CheckResult("warning", f"{largest} MB; a new account may allow {NEW_ACCOUNT_MEMORY} MB", remedy)


def _quota_of(instance_type: str) -> ServiceQuota | None:
    family = re.match("[a-z]+", instance_type)
    return VCPUS.get(family[0]) if family else None


def _vcpus(aws: Aws, instance: Any) -> int:
    """Return the vCPUs of an instance; `CpuOptions` is optional in EC2's API."""
    if options := instance.get("CpuOptions"):
        return int(options["CoreCount"] * options["ThreadsPerCore"])
    (described,) = aws.ec2.describe_instance_types(InstanceTypes=[instance["InstanceType"]])["InstanceTypes"]
    return described["VCpuInfo"]["DefaultVCpus"]


def _missing(aws: Aws, stack: Stack, kind: type[Ec2Resource]) -> int:
    """Return how many resources of a type the stack still has to create."""
    return max(0, len(stack.of(kind)) - len(kind.list_owned(aws)))
