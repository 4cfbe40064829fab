"""Who may call: the permission that lets an API call an alias, and API keys with their usage plan."""

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Owned, Resource, Values, by_name
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_stage import RestStage
from awsprov.resources.function.versions import LIVE, Alias
from awsprov.resources.missing_ok import delete, none_if_missing

_GONE = ("NotFoundException",)  # says API Gateway
_UNKNOWN = ("ResourceNotFoundException",)  # says Lambda


@dataclass(eq=False, repr=False)
class Permission(Resource):
    """Lets one route of an API call an alias. Its id is `function:alias:statement`.

    Those of one function are made one after the other (`after`): Lambda loses statements that are added side by side.

    Arguments:
        method: the route's HTTP method, or `*`.
        path: the route's path.
    """

    alias: Alias
    api: RestApi | HttpApi
    method: str
    path: str

    area = "serving"
    immutable = frozenset({"source"})
    replace_triggered_by = frozenset({"alias", "api"})
    already_exists_codes = ("ResourceConflictException",)

    def _statement(self, aws: Aws) -> Any:
        """What the alias's policy says under our statement id."""
        ask = partial(aws.lambda_.get_policy, FunctionName=self.alias.function.id, Qualifier=LIVE)
        answer = aws.cached(f"Policy {self.alias.id}", lambda: none_if_missing(ask, missing=_UNKNOWN), empty=False)
        found = json.loads(answer["Policy"])["Statement"] if answer else []
        return next((s for s in found if s["Sid"] == self._sid(aws)), {})

    def _sid(self, aws: Aws) -> str:
        return f"{aws.stack}-{self.name}"

    def _id(self, aws: Aws) -> str:
        return f"{self.alias.id}:{self._sid(aws)}"

    def find(self, aws: Aws) -> str:
        return self._id(aws) if self.alias.id and self._statement(aws) else ""

    def create(self, aws: Aws) -> str:
        aws.lambda_.add_permission(
            FunctionName=self.alias.function.id,
            Qualifier=LIVE,
            StatementId=self._sid(aws),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=self._source(aws),
        )
        return self._id(aws)

    def _source(self, aws: Aws) -> str:
        """Any stage of the API, this method and path; a variable part of the path stands as `*` in such ARNs."""
        method, path = "*" if self.method == "ANY" else self.method, re.sub(r"\{[^}]*\}", "*", self.path)
        return aws.arn("execute-api", f"{self.api.id}/*/{method}{path}")

    def read(self, aws: Aws) -> Values:
        statement = self._statement(aws)
        condition = statement.get("Condition", {})
        source = {**condition.get("ArnLike", {}), **condition.get("StringLike", {})}.get("AWS:SourceArn")
        return {"source": source} if statement else {}

    def wanted(self, aws: Aws) -> Values:
        return {"source": self._source(aws)}

    def delete(self, aws: Aws) -> None:
        function, alias, sid = self.id.split(":")
        drop = partial(aws.lambda_.remove_permission, FunctionName=function, Qualifier=alias, StatementId=sid)
        delete(aws, drop, missing=_UNKNOWN)


@dataclass(eq=False, repr=False)
class ApiKey(Resource):
    """A key that callers send in `x-api-key`. AWS makes its value; it is stored nowhere here."""

    area = "serving"
    idempotent_create = False

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        pages = aws.apigateway.get_paginator("get_api_keys").paginate
        found = aws.cached("ApiKey", lambda: [key for page in pages() for key in page["items"]])
        return by_name(aws, ((key.get("tags"), key["id"]) for key in found))

    def create(self, aws: Aws) -> str:
        return aws.apigateway.create_api_key(name=f"{aws.stack}-{self.name}", enabled=True, tags=aws.tags(self.name))[
            "id"
        ]

    def value(self, aws: Aws) -> str:
        """The secret itself."""
        return aws.apigateway.get_api_key(apiKey=self.id, includeValue=True)["value"]

    def delete(self, aws: Aws) -> None:
        delete(aws, lambda: aws.apigateway.delete_api_key(apiKey=self.id), missing=_GONE)


@dataclass(eq=False, repr=False)
class UsagePlan(Resource):
    """What a key may use: which stage, how fast."""

    stage: RestStage
    api_key: ApiKey
    rate: float
    burst: int

    area = "serving"
    idempotent_create = False

    @classmethod
    def listed(cls, aws: Aws) -> list[Any]:
        """This stack's plans."""
        pages = aws.apigateway.get_paginator("get_usage_plans").paginate
        found = aws.cached("UsagePlan", lambda: [plan for page in pages() for plan in page["items"]])
        return [plan for plan in found if aws.tagged_name(plan.get("tags"))]

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return by_name(aws, ((plan["tags"], plan["id"]) for plan in cls.listed(aws)))

    def create(self, aws: Aws) -> str:
        return aws.apigateway.create_usage_plan(
            name=f"{aws.stack}-{self.name}",
            throttle={"rateLimit": self.rate, "burstLimit": self.burst},
            tags=aws.tags(self.name),
        )["id"]

    def _seen(self, aws: Aws) -> Any:
        listed = next((plan for plan in self.listed(aws) if plan["id"] == self.id), None)
        return listed or aws.apigateway.get_usage_plan(usagePlanId=self.id)

    def _keys(self, aws: Aws) -> list[str]:
        ask = partial(aws.apigateway.get_usage_plan_keys, usagePlanId=self.id)
        return [key["id"] for key in aws.cached(f"keys {self.id}", ask)["items"]]

    def read(self, aws: Aws) -> Values:
        seen = self._seen(aws)
        limits = seen.get("throttle", {})
        return {
            "rate": float(limits.get("rateLimit", -1)),
            "burst": int(limits.get("burstLimit", -1)),
            "stage": ",".join(f"{stage['apiId']}/{stage['stage']}" for stage in seen.get("apiStages", [])),
            "api_key": ",".join(self._keys(aws)),
        }

    def wanted(self, aws: Aws) -> Values:
        return {**self.inputs, "rate": float(self.rate)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        patch = [
            {"op": "replace", "path": "/throttle/rateLimit", "value": str(self.rate)},
            {"op": "replace", "path": "/throttle/burstLimit", "value": str(self.burst)},
            *({"op": op, "path": "/apiStages", "value": stage} for op, stage in self._moves(changes)),
        ]
        aws.apigateway.update_usage_plan(usagePlanId=self.id, patchOperations=patch)  # type: ignore[arg-type]
        if "api_key" in changes and self.api_key.id not in changes["api_key"][0].split(","):
            aws.apigateway.create_usage_plan_key(usagePlanId=self.id, keyId=self.api_key.id, keyType="API_KEY")

    def _moves(self, changes: Differences) -> list[tuple[str, str]]:
        """The stages to take out and to put in."""
        has, wants = changes.get("stage", ("", ""))
        out = [("remove", stage.replace("/", ":")) for stage in has.split(",") if stage]
        return [*out, *([("add", wants.replace("/", ":"))] if wants else [])]

    def delete(self, aws: Aws) -> None:
        """Its stages leave it first: AWS deletes no plan that has any."""
        plan: Any = none_if_missing(lambda: aws.apigateway.get_usage_plan(usagePlanId=self.id), missing=_GONE)
        if plan is None:
            return
        stages = [f"{stage['apiId']}:{stage['stage']}" for stage in plan.get("apiStages", [])]
        if stages:
            patch: Any = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in stages]
            aws.apigateway.update_usage_plan(usagePlanId=self.id, patchOperations=patch)
        delete(aws, lambda: aws.apigateway.delete_usage_plan(usagePlanId=self.id), missing=_GONE)
