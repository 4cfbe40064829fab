"""The quotas of a new account, and the rate limits of API Gateway's control plane."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.ec2.models import ec2_backends

from awsprov.local.behaviour.fidelity_row import GUIDE, REPORTS, FidelityRow
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.token_bucket import TokenBucket
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError, json_response


@dataclass(frozen=True)
class Quota(FidelityRow):
    """The number of resources that an account may have, or the largest value of a setting.

    Arguments:
        name: the name for `POST /_awsprov/quotas {"vpcs": 20}`.
        operation: the operation that creates a resource, as `service:Operation`.
        value: the quota of a new account.
        service, code: the codes of Service Quotas.
        needed: returns the number of resources after the call, or the value of the setting; called with EC2's backend.
        error, message: the error if more is needed; the message is a template with `{value}`, the quota.
    """

    name: str
    operation: str
    value: int
    service: str
    code: str
    needed: Callable[[Any, ApiCall], int]
    error: str
    message: str
    moto: str = field(default="no limit", kw_only=True)

    @property
    def title(self) -> str:
        return f"{self.operation.partition(':')[2]} beyond the quota of {self.value}"

    @property
    def on_aws(self) -> str:
        return f"`{self.error}` (Service Quotas {self.service} {self.code})"


def _nat_gateways_in_zone(ec2: Any, call: ApiCall) -> int:
    zones = {subnet.id: zone for zone, subnets in ec2.subnets.items() for subnet in subnets.values()}
    zone = zones.get(call.params.get("SubnetId", ""))
    counted = ("pending", "available", "deleting")
    existing = [nat for nat in ec2.nat_gateways.values() if zones.get(nat.subnet_id) == zone and nat.state in counted]
    return len(existing) + 1


def _gateway_endpoints(ec2: Any, call: ApiCall) -> int:
    if (call.params.get("VpcEndpointType") or "Gateway") != "Gateway":
        return 0
    return len([each for each in ec2.vpc_end_points.values() if each.vpc_endpoint_type == "Gateway"]) + 1


QUOTAS = (
    Quota(
        name="vpcs",
        operation="ec2:CreateVpc",
        value=5,
        service="vpc",
        code="L-F678F1CE",
        needed=lambda ec2, _: len(ec2.vpcs) + 1,
        error="VpcLimitExceeded",
        message="The maximum number of VPCs has been reached.",
    ),
    Quota(
        name="internet-gateways",
        operation="ec2:CreateInternetGateway",
        value=5,
        service="vpc",
        code="L-A4707A72",
        needed=lambda ec2, _: len(ec2.internet_gateways) + 1,
        error="InternetGatewayLimitExceeded",
        message="The maximum number of internet gateways has been reached.",
    ),
    Quota(
        name="addresses",
        operation="ec2:AllocateAddress",
        value=5,
        service="ec2",
        code="L-0263D0A3",
        needed=lambda ec2, _: len(ec2.addresses) + 1,
        error="AddressLimitExceeded",
        message="The maximum number of addresses has been reached.",
    ),
    Quota(
        name="nat-gateways",
        operation="ec2:CreateNatGateway",
        value=5,
        service="vpc",
        code="L-FE5A380F",
        needed=_nat_gateways_in_zone,
        error="NatGatewayLimitExceeded",
        message="The maximum number of NAT gateways in this Availability Zone has been reached.",
    ),
    Quota(
        name="gateway-endpoints",
        operation="ec2:CreateVpcEndpoint",
        value=20,
        service="vpc",
        code="L-1B52E74A",
        needed=_gateway_endpoints,
        error="VpcEndpointLimitExceeded",
        message="The maximum number of VPC endpoints has been reached.",
    ),
    Quota(
        name="integration-timeout",
        operation="apigateway:PutIntegration",
        value=29_000,
        service="apigateway",
        code="L-E5AE38E3",
        needed=lambda _, call: int(call.params.get("timeoutInMillis") or 0),
        error="BadRequestException",
        message="Timeout should be between 50 ms and {value} ms",
        source=f"{GUIDE} (API Gateway limits); {REPORTS}",
    ),
)


@dataclass(frozen=True)
class RateLimit(FidelityRow):
    """The rate of an operation, per account.

    Arguments:
        operation: `service:Operation`.
        seconds: the time per call, at pace 1.
        burst: the calls that may come at once.
    """

    operation: str
    seconds: float
    burst: int = 1
    moto: str = field(default="no limit", kw_only=True)

    @property
    def title(self) -> str:
        return f"{self.operation.partition(':')[2]} more often than {self.burst} in {self.seconds * self.burst:g} s"

    @property
    def on_aws(self) -> str:
        return "`TooManyRequestsException` (429)"


_SCALED = "as AWS, scaled by the pace; no limit at pace 0"
_SOURCE = f"{GUIDE} (API Gateway limits); {REPORTS}"

RATE_LIMITS = (
    RateLimit("apigateway:CreateRestApi", 3, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:ImportRestApi", 3, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:PutRestApi", 1, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:CreateResource", 0.2, 5, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:DeleteResource", 0.2, 5, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:GetResources", 0.4, 5, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:CreateDeployment", 5, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:DeleteRestApi", 30, local=_SCALED, source=_SOURCE),
    RateLimit("apigateway:UpdateAccount", 20, local=_SCALED, source=_SOURCE),
)
_BY_OPERATION = {limit.operation: limit for limit in RATE_LIMITS}


class Limits:
    """Enforces quotas and rate limits.

    Arguments:
        cloud: the local cloud, whose pace scales rate limits.
        memory: where changed quotas are kept; it is saved with the cloud.
    """

    def __init__(self, cloud: Cloud, memory: dict[str, Any]) -> None:
        self._cloud, self._memory = cloud, memory
        self._buckets: dict[str, TokenBucket] = {}  # by operation

    @property
    def changed(self) -> dict[str, int]:
        """The quotas that were changed, by name. A saved state replaces those of `memory`."""
        quotas: dict[str, int] = self._memory.setdefault("quotas", {})
        return quotas

    def check(self, call: ApiCall) -> None:
        """Check a call.

        Raises:
            ServiceError: the call comes too early, or exceeds a quota.
        """
        limit = _BY_OPERATION.get(call.name)
        if limit and self._cloud.pace:
            self._take_token(limit)
        for quota in QUOTAS:
            if quota.operation == call.name:
                ec2 = ec2_backends[ACCOUNT][call.region]
                if quota.needed(ec2, call) > self._value(quota):
                    raise ServiceError(quota.error, quota.message.format(value=self._value(quota)))

    def service_quota(self, call: ApiCall) -> ApiResponse | None:
        """Answer `GetServiceQuota` for the quotas that are enforced here; return None for other calls."""
        codes = call.params.get("ServiceCode"), call.params.get("QuotaCode")
        quota = next((each for each in QUOTAS if (each.service, each.code) == codes), None)
        if call.name != "service-quotas:GetServiceQuota" or quota is None:
            return None
        described = {"ServiceCode": quota.service, "QuotaCode": quota.code, "Adjustable": True}
        return json_response({"Quota": {**described, "Value": float(self._value(quota))}})

    def _value(self, quota: Quota) -> int:
        return int(self.changed.get(quota.name, quota.value))

    def _take_token(self, limit: RateLimit) -> None:
        bucket = self._buckets.setdefault(limit.operation, TokenBucket(limit.burst))
        if not bucket.take(1 / (limit.seconds * self._cloud.pace), limit.burst):
            raise ServiceError("TooManyRequestsException", "Too Many Requests", 429)
