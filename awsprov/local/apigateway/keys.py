"""API keys and usage plans: who may call, how fast and how often."""

from dataclasses import dataclass
from typing import Any

from awsprov.local.apigateway.messages import RefusedRequestError, Request
from awsprov.local.apigateway.throttle import Throttle


@dataclass(frozen=True)
class Key:
    """A valid key and the plan that it is in, for one stage."""

    id: str
    value: str
    plan: Any
    stage: dict[str, Any]


def find(backend: Any, api_id: str, stage: str, request: Request) -> Key:
    """The key that the request carries, if it opens this stage; all other cases look the same from outside."""
    value = request.lower.get("x-api-key", "")
    for key in list(backend.keys.values()):
        if value and key.value == value and key.enabled:
            for plan in list(backend.usage_plans.values()):
                opened = _stage(plan, api_id, stage)
                if opened and key.id in backend.usage_plan_keys.get(plan.id, {}):
                    return Key(key.id, value, plan, opened)
    raise RefusedRequestError(403, "Forbidden", "ForbiddenException")


def admit(throttle: Throttle, key: Key, method: str) -> None:
    """Count the request against the plan: its rate, the rate of this method in it, its quota."""
    rates = [("", key.plan.throttle or {}), (method, (key.stage.get("throttle") or {}).get(method) or {})]
    for name, rate in rates:
        limits = _number(rate.get("rateLimit")), _number(rate.get("burstLimit"))
        if not throttle.allow(("plan", key.plan.id, key.id, name), *limits):
            raise RefusedRequestError(429, "Too Many Requests", "TooManyRequestsException")
    quota = key.plan.quota or {}
    if quota.get("limit") and not throttle.count(
        ("quota", key.plan.id, key.id), int(quota["limit"]), quota.get("period", "DAY")
    ):
        raise RefusedRequestError(429, "Limit Exceeded", "LimitExceededException")


def _stage(plan: Any, api_id: str, stage: str) -> dict[str, Any] | None:
    for each in plan.api_stages:
        if each.get("apiId") == api_id and each.get("stage") == stage:
            return dict(each)
    return None


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
