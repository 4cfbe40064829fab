"""Quotas of a new account, and the rates at which API Gateway lets itself be changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, REPORTS, FidelityRow
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.token_bucket import TokenBucket
from awsprov.local.wire import ApiCall, ServiceError


@dataclass(frozen=True)
class Quota(FidelityRow):
    """How many of something there may be.

    Arguments:
        name: under which it can be set: `POST /_awsprov/quotas {"vpcs": 20}`.
        service, code: as Service Quotas names it.
        count: how many there are now, for the call that would make another.
        error, message: what one more is refused with.
    """

    name: str
    operation: str
    value: int
    service: str
    code: str
    count: Callable[[Any, ApiCall], int]
    error: str
    message: str

    @property
    def what(self) -> str:
        return f"{self.operation.partition(':')[2]} beyond the quota of {self.value}"

    @property
    def told(self) -> str:
        return f"`{self.error}` (Service Quotas {self.service} {self.code})"


def _nat_gateways_in_zone(ec2: Any, call: ApiCall) -> int:
    zones = {subnet.id: zone for zone, subnets in ec2.subnets.items() for subnet in subnets.values()}
    zone = zones.get(call.params.get("SubnetId", ""))
    counted = ("pending", "available", "deleting")
    return sum(zones.get(nat.subnet_id) == zone and nat.state in counted for nat in ec2.nat_gateways.values())


QUOTAS = (
    Quota(
        "vpcs",
        "ec2:CreateVpc",
        5,
        "vpc",
        "L-F678F1CE",
        lambda ec2, _: len(ec2.vpcs),
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
    ),
    Quota(
        "internet-gateways",
        "ec2:CreateInternetGateway",
        5,
        "vpc",
        "L-A4707A72",
        lambda ec2, _: len(ec2.internet_gateways),
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
    ),
    Quota(
        "addresses",
        "ec2:AllocateAddress",
        5,
        "ec2",
        "L-0263D0A3",
        lambda ec2, _: len(ec2.addresses),
        "AddressLimitExceeded",
        "The maximum number of addresses has been reached.",
    ),
    Quota(
        "nat-gateways",
        "ec2:CreateNatGateway",
        5,
        "vpc",
        "L-FE5A380F",
        _nat_gateways_in_zone,
        "NatGatewayLimitExceeded",
        "The maximum number of NAT gateways in this Availability Zone has been reached.",
    ),
)


@dataclass(frozen=True)
class RateLimit(FidelityRow):
    """How often an operation may be called: `burst` at once, one more each `seconds`, per account."""

    operation: str
    seconds: float
    burst: int = 1

    @property
    def what(self) -> str:
        return f"{self.operation.partition(':')[2]} more often than {self.burst} in {self.seconds * self.burst:g} s"

    @property
    def told(self) -> str:
        return "`TooManyRequestsException` (429)"


_SCALED = "as AWS, scaled by the pace; off at pace 0"
_LIMITS = f"{GUIDE} (API Gateway limits); {REPORTS}"

RATE_LIMITS = (
    RateLimit("apigateway:CreateRestApi", 3, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:ImportRestApi", 3, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:PutRestApi", 1, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:CreateResource", 0.2, 5, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:DeleteResource", 0.2, 5, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:GetResources", 0.4, 5, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:CreateDeployment", 5, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:DeleteRestApi", 30, ours=_SCALED, source=_LIMITS),
    RateLimit("apigateway:UpdateAccount", 20, ours=_SCALED, source=_LIMITS),
)


class Limits:
    """Counts and refuses."""

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self._cloud, self._memory = cloud, memory
        self._rates = {rate.operation: rate for rate in RATE_LIMITS}
        self._buckets: dict[str, TokenBucket] = {}  # by operation

    def _set(self, quota: Quota) -> int:
        return int(self._memory.get("quotas", {}).get(quota.name, quota.value))

    def check(self, call: ApiCall) -> None:
        """Refuse a call that comes too soon, or asks for too much."""
        rate = self._rates.get(call.name)
        if rate and self._cloud.pace:
            self._spend(rate)
        for quota in QUOTAS:
            if quota.operation == call.name:
                ec2 = ec2_backends[ACCOUNT][call.region]
                if quota.count(ec2, call) >= self._set(quota):
                    raise ServiceError(quota.error, quota.message)

    def value(self, service: str, code: str) -> int | None:
        """What Service Quotas says of one that is counted here."""
        for quota in QUOTAS:
            if (quota.service, quota.code) == (service, code):
                return self._set(quota)
        return None

    def _spend(self, rate: RateLimit) -> None:
        bucket = self._buckets.setdefault(rate.operation, TokenBucket(rate.burst))
        if not bucket.take(1 / (rate.seconds * self._cloud.pace), rate.burst):
            raise ServiceError("TooManyRequestsException", "Too Many Requests", 429)
