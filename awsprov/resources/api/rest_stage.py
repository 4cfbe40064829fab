"""The stage of a REST API: the deployment of its methods that is served under a URL."""

import hashlib
import json
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.background import in_background
from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Tags, Values
from awsprov.resources.api.access_log import LOG_FORMAT, ApiLogGroup
from awsprov.resources.api.rest_api import RestApi
from awsprov.resources.api.rest_methods import RestMethod
from awsprov.resources.api.rest_responses import RestGatewayResponse
from awsprov.resources.api.tagged import ApiGatewayResource
from awsprov.resources.missing_ok import (
    API_GATEWAY_CONFLICT,
    API_GATEWAY_MISSING,
    API_GATEWAY_NOT_OURS,
    delete,
    none_if_missing,
)

_NO_LOGGING_ROLE = (
    "The API has no access log, as API Gateway has no role for writing logs in this account and region. Give it one "
    "(`aws apigateway update-account`, see SECURITY.md), then run `awsprov up`."
)


@dataclass(eq=False, repr=False)
class RestStage(ApiGatewayResource):
    """A stage, and the deployment that it serves. Its id is `api/stage`.

    The deployment's description is the digest of the methods and the gateway responses: when they change, a new
    deployment is created.

    Arguments:
        api: the API.
        methods: the methods.
        stage: the stage's name, which is part of URLs.
        rate: requests per second.
        burst: the number of requests that may come at once.
        log: the log group for access logs; used only if API Gateway has a role for writing logs in the account.
        traced: whether requests are traced by X-Ray.
        metrics: whether CloudWatch has metrics for each method.
        gateway_responses: the gateway responses.
    """

    api: RestApi
    methods: tuple[RestMethod, ...]
    stage: str
    _: KW_ONLY
    rate: float
    burst: int
    log: ApiLogGroup
    traced: bool
    metrics: bool
    gateway_responses: tuple[RestGatewayResponse, ...] = ()

    tags_path = "/restapis/{}/stages/{}"
    replace_triggered_by = frozenset({"api"})
    one_writer = "api"
    already_exists_codes = API_GATEWAY_CONFLICT

    def _get(self, aws: Aws) -> Any:
        call = partial(aws.apigateway.get_stage, restApiId=self.api.id, stageName=self.stage)
        key = f"RestStage {self.api.id}/{self.stage}"
        return aws.cached(key, lambda: none_if_missing(call, missing=API_GATEWAY_MISSING), empty=False) or {}

    def find(self, aws: Aws) -> str:
        owned = self.api.id and aws.tagged_name(self._get(aws).get("tags"))
        return f"{self.api.id}/{self.stage}" if owned else ""

    def fetch_tags(self, aws: Aws) -> Tags | None:
        api, stage = self.id.split("/")
        call = partial(aws.apigateway.get_stage, restApiId=api, stageName=stage)
        found = none_if_missing(call, missing=API_GATEWAY_NOT_OURS)
        return found.get("tags", {}) if found else None

    def create(self, aws: Aws) -> str:
        aws.apigateway.create_stage(
            restApiId=self.api.id, stageName=self.stage, deploymentId=self._deploy(aws), tags=aws.tags(self.name)
        )
        return f"{self.api.id}/{self.stage}"

    def _deploy(self, aws: Aws) -> str:
        return aws.apigateway.create_deployment(restApiId=self.api.id, description=self._digest(aws))["id"]

    def _digest(self, aws: Aws) -> str:
        content: list[Any] = [list(self.api.binary)]  # a deployment is a snapshot of the API's settings, too
        content += [[method.path.path, method.verb, method.wanted(aws)] for method in self.methods]
        content += [[each.response_type, "", each.wanted(aws)] for each in self.gateway_responses]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]

    def read(self, aws: Aws) -> Values:
        stage, can_log = self._get(aws), in_background(partial(self.can_log, aws))
        id_ = stage["deploymentId"]
        call = partial(aws.apigateway.get_deployment, restApiId=self.api.id, deploymentId=id_)
        deployment = aws.cached(f"Deployment {id_}", call)
        self.note = "" if can_log.result() or aws.local else _NO_LOGGING_ROLE  # a local cloud is no one's account
        settings = stage.get("methodSettings", {}).get("*/*", {})
        return {
            "snapshot": deployment.get("description", ""),
            "rate": float(settings.get("throttlingRateLimit", -1)),
            "burst": int(settings.get("throttlingBurstLimit", -1)),
            **self._logs(aws),
            "traced": stage.get("tracingEnabled", False),
            "metrics": settings.get("metricsEnabled", False),
        }

    def _logs(self, aws: Aws) -> Values:
        stage = self._get(aws)
        return {
            "log": (stage.get("accessLogSettings") or {}).get("destinationArn", "").removesuffix(":*"),
            "errors": stage.get("methodSettings", {}).get("*/*", {}).get("loggingLevel", "OFF"),
        }

    def wanted(self, aws: Aws) -> Values:
        """Return the arguments; the logs as they are while API Gateway has no role for them and refuses a change."""
        return {
            "snapshot": self._digest(aws),
            "rate": float(self.rate),
            "burst": self.burst,
            **({"log": self.log.arn(aws), "errors": "ERROR"} if self.can_log(aws) else self._logs(aws)),
            "traced": self.traced,
            "metrics": self.metrics,
        }

    @staticmethod
    def can_log(aws: Aws) -> bool:
        """Return whether API Gateway has a role for writing logs, a setting of the account for all its APIs."""
        account = aws.cached("apigateway account", aws.apigateway.get_account)
        return bool(account.get("cloudwatchRoleArn"))

    def configure(self, aws: Aws, changes: Differences) -> None:
        patch = [
            ("/*/*/throttling/rateLimit", str(self.rate)),
            ("/*/*/throttling/burstLimit", str(self.burst)),
            ("/*/*/metrics/enabled", str(self.metrics).lower()),
            ("/tracingEnabled", str(self.traced).lower()),
            *self._logging(aws),
        ]
        if "snapshot" in changes:
            patch.append(("/deploymentId", self._deploy(aws)))
        operations: Any = [{"op": "replace", "path": path, "value": value} for path, value in patch]
        aws.apigateway.update_stage(restApiId=self.api.id, stageName=self.stage, patchOperations=operations)

    def _logging(self, aws: Aws) -> list[tuple[str, str]]:
        """Return the settings for access logs and for API Gateway's errors, without bodies of requests."""
        if not self.can_log(aws):
            return []
        return [
            ("/accessLogSettings/destinationArn", self.log.arn(aws)),
            ("/accessLogSettings/format", LOG_FORMAT),
            ("/*/*/logging/loglevel", "ERROR"),
            ("/*/*/logging/dataTrace", "false"),
        ]

    def delete(self, aws: Aws) -> None:
        api, stage = self.id.split("/")
        delete(aws, lambda: aws.apigateway.delete_stage(restApiId=api, stageName=stage), missing=API_GATEWAY_MISSING)
