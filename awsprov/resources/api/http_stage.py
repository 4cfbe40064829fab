"""The stage of an HTTP API: served without a name in the URL, and deployed by itself."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.access_log import LINE, ApiLog
from awsprov.resources.api.http_api import CONFLICT, MISSING, HttpApi
from awsprov.resources.missing_ok import delete, none_if_missing

STAGE = "$default"  # served without a stage's name in the path


@dataclass(eq=False, repr=False)
class HttpStage(Resource):
    """The stage without a name, which serves every change at once, throttled and logged. Its id is `api/$default`.

    Arguments:
        rate: requests a second.
        burst: requests at once.
        log: where a line for each request goes.
        metrics: whether CloudWatch counts and times each route by itself.
    """

    api: HttpApi
    rate: float
    burst: int
    log: ApiLog
    metrics: bool

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    already_exists_codes = CONFLICT

    def _get(self, aws: Aws) -> Any:
        ask = partial(aws.apigatewayv2.get_stage, ApiId=self.api.id, StageName=STAGE)
        return aws.cached(f"HttpStage {self.api.id}", lambda: none_if_missing(ask, missing=MISSING), empty=False) or {}

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{STAGE}" if self.api.id and self._get(aws) else ""

    def create(self, aws: Aws) -> str:
        limits: Any = self._limits()
        aws.apigatewayv2.create_stage(
            ApiId=self.api.id,
            StageName=STAGE,
            AutoDeploy=True,
            DefaultRouteSettings=limits,
            AccessLogSettings={"DestinationArn": self.log.arn(aws), "Format": LINE},
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
            AccessLogSettings={"DestinationArn": self.log.arn(aws), "Format": LINE},
        )

    def delete(self, aws: Aws) -> None:
        api, stage = self.id.split("/")
        delete(aws, lambda: aws.apigatewayv2.delete_stage(ApiId=api, StageName=stage), missing=MISSING)
