"""The stage of a REST API: the snapshot of its methods that is served under a URL."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws.background import in_background
from awsprov.aws.client import Aws
from awsprov.engine.resource import Differences, Resource, Values
from awsprov.resources.api.access_log import LINE, ApiLog
from awsprov.resources.api.rest_api import CONFLICT, MISSING, RestApi
from awsprov.resources.api.rest_methods import RestMethod
from awsprov.resources.missing_ok import delete, none_if_missing

_UNLOGGED = (
    "API Gateway may not write logs in this account and region, so the API has none: give it a role once "
    "(`aws apigateway update-account`, see SECURITY.md), then run `awsprov up`."
)


@dataclass(eq=False, repr=False)
class RestStage(Resource):
    """What is served: a snapshot of the API's methods, under a name, throttled and logged. Its id is `api/stage`.

    The digest of the methods is the deployment's description: a change of theirs means a new deployment.

    Arguments:
        rate: requests a second.
        burst: requests at once.
        log: where a line for each request goes, when the account's settings let API Gateway write logs.
        traced: whether X-Ray gets to know of the requests.
        metrics: whether CloudWatch counts and times each route by itself.
    """

    api: RestApi
    methods: tuple[RestMethod, ...]
    stage: str
    rate: float
    burst: int
    log: ApiLog
    traced: bool
    metrics: bool

    area = "serving"
    replace_triggered_by = frozenset({"api"})
    already_exists_codes = CONFLICT

    def _get(self, aws: Aws) -> Any:
        ask = partial(aws.apigateway.get_stage, restApiId=self.api.id, stageName=self.stage)
        return (
            aws.cached(
                f"RestStage {self.api.id}/{self.stage}", lambda: none_if_missing(ask, missing=MISSING), empty=False
            )
            or {}
        )

    def find(self, aws: Aws) -> str:
        return f"{self.api.id}/{self.stage}" if self.api.id and self._get(aws) else ""

    def create(self, aws: Aws) -> str:
        aws.apigateway.create_stage(
            restApiId=self.api.id, stageName=self.stage, deploymentId=self._deploy(aws), tags=aws.tags(self.name)
        )
        return f"{self.api.id}/{self.stage}"

    def _deploy(self, aws: Aws) -> str:
        return aws.apigateway.create_deployment(restApiId=self.api.id, description=self._snapshot(aws))["id"]

    def _snapshot(self, aws: Aws) -> str:
        made_of = [[method.path.path, method.verb, method.wanted(aws)] for method in self.methods]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]

    def read(self, aws: Aws) -> Values:
        stage, logged = self._get(aws), in_background(partial(self._logged, aws))
        where = {"restApiId": self.api.id, "deploymentId": stage["deploymentId"]}
        deployment = aws.cached(
            "Deployment {deploymentId}".format(**where), partial(aws.apigateway.get_deployment, **where)
        )
        self.note = "" if logged.result() else _UNLOGGED
        settings = stage.get("methodSettings", {}).get("*/*", {})
        return {
            "snapshot": deployment.get("description", ""),
            "rate": float(settings.get("throttlingRateLimit", -1)),
            "burst": int(settings.get("throttlingBurstLimit", -1)),
            "log": (stage.get("accessLogSettings") or {}).get("destinationArn", "").removesuffix(":*"),
            "errors": settings.get("loggingLevel", "OFF"),
            "traced": stage.get("tracingEnabled", False),
            "metrics": settings.get("metricsEnabled", False),
        }

    def wanted(self, aws: Aws) -> Values:
        logged = self._logged(aws)
        return {
            "snapshot": self._snapshot(aws),
            "rate": float(self.rate),
            "burst": self.burst,
            "log": self.log.arn(aws) if logged else "",
            "errors": "ERROR" if logged else "OFF",
            "traced": self.traced,
            "metrics": self.metrics,
        }

    @staticmethod
    def _logged(aws: Aws) -> bool:
        """Whether the account has a role for API Gateway to write logs with: its own affair, for all APIs in it."""
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
        """A line for each request, and what goes wrong before and after the function; never what requests say."""
        if not self._logged(aws):
            return []
        return [
            ("/accessLogSettings/destinationArn", self.log.arn(aws)),
            ("/accessLogSettings/format", LINE),
            ("/*/*/logging/loglevel", "ERROR"),
            ("/*/*/logging/dataTrace", "false"),
        ]

    def delete(self, aws: Aws) -> None:
        api, stage = self.id.split("/")
        delete(aws, lambda: aws.apigateway.delete_stage(restApiId=api, stageName=stage), missing=MISSING)
