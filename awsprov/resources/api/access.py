"""API keys with their usage plan."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Tags, Values, by_name
from awsprov.resources.api.listing import list_items
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.api.tagged import ApiGatewayResource
from awsprov.resources.missing_ok import (
    API_GATEWAY_MISSING,
    API_GATEWAY_NOT_OURS,
    delete,
    none_if_missing,
)

_DENIED = ("AccessDeniedException",)


@dataclass(eq=False, repr=False)
class ApiKey(ApiGatewayResource):
    """An API key, which callers send in `x-api-key`. API Gateway generates its value, which is not stored here."""

    tags_path = "/apikeys/{}"
    idempotent_create = False

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((key.get("tags"), key["id"]) for key in aws.cached("ApiKey", lambda: _list_keys(aws))))

    def create(self, aws: Aws) -> str:
        name, tags = aws.physical_name(self.name), aws.tags(self.name)
        return aws.apigateway.create_api_key(name=name, enabled=True, tags=tags)["id"]

    def fetch_tags(self, aws: Aws) -> Tags | None:
        call = partial(aws.apigateway.get_api_key, apiKey=self.id)
        key = none_if_missing(call, missing=API_GATEWAY_NOT_OURS)
        return key.get("tags", {}) if key else None

    def value(self, aws: Aws) -> str:
        """Return its value, which is a secret."""
        return aws.apigateway.get_api_key(apiKey=self.id, includeValue=True)["value"]

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigateway.delete_api_key(apiKey=self.id), missing=API_GATEWAY_MISSING)


def _list_keys(aws: Aws) -> list[Any]:
    """Return all API keys of the region, without their values; none if the caller may not list them.

    `awsprov policy` allows it only if the stack has a key, as the same permission reveals the values of all keys.
    """
    return none_if_missing(partial(list_items, aws.apigateway, "get_api_keys"), missing=_DENIED) or []


@dataclass(eq=False, repr=False)
class UsagePlan(ApiGatewayResource):
    """A usage plan: the stage that an API key is for, and its limits.

    Arguments:
        stage: the stage.
        api_key: the key.
        rate: requests per second.
        burst: the number of requests that may come at once.
    """

    stage: RestStage
    api_key: ApiKey
    _: KW_ONLY
    rate: float
    burst: int

    tags_path = "/usageplans/{}"
    idempotent_create = False

    @classmethod
    def list_owned(cls, aws: Aws) -> list[Any]:
        """Return the descriptions of the stack's usage plans."""
        found = aws.cached("UsagePlan", lambda: list_items(aws.apigateway, "get_usage_plans"))
        return [plan for plan in found if aws.tagged_name(plan.get("tags"))]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((plan["tags"], plan["id"]) for plan in cls.list_owned(aws)))

    def create(self, aws: Aws) -> str:
        return aws.apigateway.create_usage_plan(
            name=aws.physical_name(self.name),
            throttle={"rateLimit": self.rate, "burstLimit": self.burst},
            tags=aws.tags(self.name),
        )["id"]

    def _describe(self, aws: Aws) -> Any:
        call = partial(aws.apigateway.get_usage_plan, usagePlanId=self.id)
        return none_if_missing(call, missing=API_GATEWAY_NOT_OURS)

    def fetch_tags(self, aws: Aws) -> Tags | None:
        plan = self._describe(aws)
        return plan.get("tags", {}) if plan else None

    def _describe_cached(self, aws: Aws) -> Any:
        listed = next((plan for plan in self.list_owned(aws) if plan["id"] == self.id), None)
        return listed or aws.apigateway.get_usage_plan(usagePlanId=self.id)

    def _has_key(self, aws: Aws) -> bool:
        """Return whether the key is one of the plan's; others may have added more."""
        call = partial(list_items, aws.apigateway, "get_usage_plan_keys", usagePlanId=self.id)
        return any(key["id"] == self.api_key.id for key in aws.cached(f"keys {self.id}", call))

    def read(self, aws: Aws) -> Values:
        plan = self._describe_cached(aws)
        limits = plan.get("throttle", {})
        return {
            "rate": float(limits.get("rateLimit", -1)),
            "burst": int(limits.get("burstLimit", -1)),
            "stage": ",".join(f"{stage['apiId']}/{stage['stage']}" for stage in plan.get("apiStages", [])),
            "api_key": self.api_key.id if self._has_key(aws) else "",
        }

    def wanted(self, aws: Aws) -> Values:
        return {**self.inputs, "rate": float(self.rate)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        patch = [
            {"op": "replace", "path": "/throttle/rateLimit", "value": str(self.rate)},
            {"op": "replace", "path": "/throttle/burstLimit", "value": str(self.burst)},
            *({"op": op, "path": "/apiStages", "value": stage} for op, stage in self._stage_changes(changes)),
        ]
        aws.apigateway.update_usage_plan(usagePlanId=self.id, patchOperations=patch)  # type: ignore[arg-type]  # `op` is a Literal
        if "api_key" in changes:
            aws.apigateway.create_usage_plan_key(usagePlanId=self.id, keyId=self.api_key.id, keyType="API_KEY")

    def _stage_changes(self, changes: Differences) -> list[tuple[str, str]]:
        """Return the stages to remove and to add, each with its operation."""
        current, wanted = changes.get("stage", ("", ""))
        removed = [("remove", stage.replace("/", ":")) for stage in current.split(",") if stage]
        return [*removed, *([("add", wanted.replace("/", ":"))] if wanted else [])]

    def delete(self, aws: Aws) -> None:
        """Remove its stages, then delete it: API Gateway deletes no plan that has stages."""
        plan = self._describe(aws)
        if plan is None:
            return
        stages = [f"{stage['apiId']}:{stage['stage']}" for stage in plan.get("apiStages", [])]
        if stages:
            patch: Any = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in stages]
            aws.apigateway.update_usage_plan(usagePlanId=self.id, patchOperations=patch)
        delete(aws, lambda: aws.apigateway.delete_usage_plan(usagePlanId=self.id), missing=API_GATEWAY_MISSING)
