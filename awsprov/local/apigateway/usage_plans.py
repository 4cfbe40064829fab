"""API keys and their usage plans: which keys are valid for a stage, how fast and how often."""

from dataclasses import dataclass
from typing import Any

from awsprov.local.apigateway.messages import GatewayError, Request
from awsprov.local.apigateway.throttle import Throttle


@dataclass(frozen=True)
class UsagePlanKey:
    """An API key in a usage plan that is valid for a stage.

    Arguments:
        id: the id of the API key.
        value: the API key itself.
        plan: moto's usage plan.
        api_stage: the entry of the usage plan for the stage.
    """

    id: str
    value: str
    plan: Any
    api_stage: dict[str, Any]


def find_key(backend: Any, api_id: str, stage: str, request: Request) -> UsagePlanKey:
    """Return the API key of a request.

    Raises:
        GatewayError: there is no key in the request, or it is not valid for the stage. AWS does not say which.
    """
    value = request.lower_headers.get("x-api-key", "")
    for key in list(backend.keys.values()):
        if value and key.value == value and key.enabled:
            for plan in list(backend.usage_plans.values()):
                api_stage = _api_stage(plan, api_id, stage)
                if api_stage and key.id in backend.usage_plan_keys.get(plan.id, {}):
                    return UsagePlanKey(key.id, value, plan, api_stage)
    raise GatewayError(403, "Forbidden", "ForbiddenException")


def check_limits(throttle: Throttle, key: UsagePlanKey, method: str) -> None:
    """Count a request against the rate limits of the usage plan and of its method, and against the quota.

    Arguments:
        method: the path and the HTTP method, as the usage plan names them.

    Raises:
        GatewayError: a limit is exceeded.
    """
    method_limits = (key.api_stage.get("throttle") or {}).get(method) or {}
    for name, limits in (("", key.plan.throttle or {}), (method, method_limits)):
        rate, burst = _number(limits.get("rateLimit")), _number(limits.get("burstLimit"))
        if not throttle.allow(("plan", key.plan.id, key.id, name), rate, burst):
            raise GatewayError(429, "Too Many Requests", "TooManyRequestsException")
    quota = key.plan.quota or {}
    if quota.get("limit") and not throttle.count(
        ("quota", key.plan.id, key.id), int(quota["limit"]), quota.get("period", "DAY")
    ):
        raise GatewayError(429, "Limit Exceeded", "LimitExceededException")


def _api_stage(plan: Any, api_id: str, stage: str) -> dict[str, Any] | None:
    entries = (entry for entry in plan.api_stages if (entry.get("apiId"), entry.get("stage")) == (api_id, stage))
    return next((dict(entry) for entry in entries), None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
