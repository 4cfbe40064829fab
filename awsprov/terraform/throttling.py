"""Converts what limits the requests to an API: throttling, quotas and API keys."""

from typing import Any

from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure

# The inner block of each resource type, and its arguments for requests per second and for bursts.
_LIMITS = {
    "aws_api_gateway_usage_plan": ("throttle_settings", "rate_limit", "burst_limit"),
    "aws_api_gateway_method_settings": ("settings", "throttling_rate_limit", "throttling_burst_limit"),
    "aws_apigatewayv2_stage": ("default_route_settings", "throttling_rate_limit", "throttling_burst_limit"),
}


def throttle(found: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return the section `api.throttle`, with the lowest limits; empty if there are none."""
    limits: dict[str, list[float]] = {"rate": [], "burst": []}
    for type_, (inner, *arguments) in _LIMITS.items():
        for resource in found.of(type_):
            for name, argument in zip(limits, arguments, strict=True):
                value = resource.inner(inner).get(argument)
                if isinstance(value, int | float) and value > 0:  # -1 is no limit
                    limits[name].append(value)
                elif value is not None and not isinstance(value, int | float):
                    findings.note(resource, f"{argument} is not known; set api.throttle.{name} yourself")
    return {name: min(values) for name, values in limits.items() if values}


def note_keys(found: Infrastructure, findings: Findings) -> None:
    """Note that API keys are new ones, and that quotas are not converted."""
    for plan in found.of("aws_api_gateway_usage_plan"):
        if plan.inner("quota_settings"):
            findings.note(plan, "quotas are not converted; `api.throttle` limits requests per second")
    for key in found.of("aws_api_gateway_api_key"):
        findings.note(key, "awsprov creates another key; give clients the new one")
