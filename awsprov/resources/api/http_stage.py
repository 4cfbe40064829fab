"""The stage of an HTTP API: `$default`, which is not part of URLs and is deployed automatically."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Tags, Values
from awsprov.resources.api.access_log import LOG_FORMAT, ApiLogGroup
from awsprov.resources.api.http_api import HttpApi
from awsprov.resources.api.tagged import ApiGatewayResource
from awsprov.resources.missing_ok import (
    API_GATEWAY_CONFLICT,
    API_GATEWAY_MISSING,
    API_GATEWAY_NOT_OURS,
    delete,
    none_if_missing,
)

STAGE = "$default"  # API Gateway's name of the stage that is not part of URLs


@dataclass(eq=False, repr=False)
class HttpStage(ApiGatewayResource):
    """The `$default` stage, which serves every change at once. Its id is `api/$default`.

    Arguments:
        api: the API.
        rate: requests per second.
        burst: the number of requests that may come at once.
        log: the log group for access logs.
        metrics: whether CloudWatch has metrics for each route.
    """

    api: HttpApi
    _: KW_ONLY
    rate: float
    burst: int
    log: ApiLogGroup
    metrics: bool

    tags_path = "/apis/{}/stages/{}"
    is_http = True
    replace_triggered_by = frozenset({"api"})
    one_writer = "api"
    already_exists_codes = API_GATEWAY_CONFLICT

    def _get(self, aws: Aws) -> Any:
        call = partial(aws.apigatewayv2.get_stage, ApiId=self.api.id, StageName=STAGE)
        key = f"HttpStage {self.api.id}"
        return aws.cached(key, lambda: none_if_missing(call, missing=API_GATEWAY_MISSING), empty=False) or {}

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{STAGE}" if self.api.id and aws.tagged_name(self._get(aws).get("Tags")) else ""

    def fetch_tags(self, aws: Aws) -> Tags | None:
        api, stage = self.id.split("/")
        call = partial(aws.apigatewayv2.get_stage, ApiId=api, StageName=stage)
        found = none_if_missing(call, missing=API_GATEWAY_NOT_OURS)
        return found.get("Tags", {}) if found else None

    def create(self, aws: Aws) -> str:
        limits: Any = self._limits()
        aws.apigatewayv2.create_stage(
            ApiId=self.api.id,
            StageName=STAGE,
            AutoDeploy=True,
            DefaultRouteSettings=limits,
            AccessLogSettings={"DestinationArn": self.log.arn(aws), "Format": LOG_FORMAT},
            Tags=aws.tags(self.name),
        )
        return f"{self.api.id}/{STAGE}"

    def _limits(self) -> Any:
        return {
            "ThrottlingRateLimit": float(self.rate),
            "ThrottlingBurstLimit": self.burst,
            "DetailedMetricsEnabled": self.metrics,
        }

    def read(self, aws: Aws) -> Values:
        stage = self._get(aws)
        limits, log = stage.get("DefaultRouteSettings", {}), stage.get("AccessLogSettings", {})
        return {
            "limits": {name: limits.get(name) for name in self._limits()},
            "log": log.get("DestinationArn", "").removesuffix(":*"),
        }

    def wanted(self, aws: Aws) -> Values:
        return {"limits": self._limits(), "log": self.log.arn(aws)}

    def configure(self, aws: Aws, changes: Differences) -> None:
        aws.apigatewayv2.update_stage(
            ApiId=self.api.id,
            StageName=STAGE,
            DefaultRouteSettings=self._limits(),
            AccessLogSettings={"DestinationArn": self.log.arn(aws), "Format": LOG_FORMAT},
        )

    def delete(self, aws: Aws) -> None:
        api, stage = self.id.split("/")
        delete(aws, lambda: aws.apigatewayv2.delete_stage(ApiId=api, StageName=stage), missing=API_GATEWAY_MISSING)
