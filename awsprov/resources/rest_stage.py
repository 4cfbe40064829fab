"""The stage of a REST API: the snapshot of its methods that is served under a URL."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from awsprov.aws import Aws, ClientError, error_code
from awsprov.resource import Differences, Resource, Values
from awsprov.resources.removal import remove
from awsprov.resources.rest_api import CONFLICT, GONE, RestApi, RestMethod


@dataclass(eq=False, repr=False)
class RestStage(Resource):
    """What is served: a snapshot of the API's methods, under a name, throttled. Its id is `api/stage`.

    The digest of the methods is the deployment's description: a change of theirs means a new deployment.

    Arguments:
        rate: requests a second.
        burst: requests at once.
    """

    api: RestApi
    methods: tuple[RestMethod, ...]
    stage: str
    rate: float
    burst: int

    area = "serving"
    bound = frozenset({"api"})
    exists = CONFLICT

    def _get(self, aws: Aws) -> Any:
        return aws.remember(f"RestStage {self.api.id}/{self.stage}", lambda: self._asked(aws), empty=False)

    def _asked(self, aws: Aws) -> Any:
        try:
            return aws.apigateway.get_stage(restApiId=self.api.id, stageName=self.stage)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            return {}

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
        stage = self._get(aws)
        where = {"restApiId": self.api.id, "deploymentId": stage["deploymentId"]}
        deployment = aws.remember(
            "Deployment {deploymentId}".format(**where), partial(aws.apigateway.get_deployment, **where)
        )
        limits = stage.get("methodSettings", {}).get("*/*", {})
        rate, burst = float(limits.get("throttlingRateLimit", -1)), int(limits.get("throttlingBurstLimit", -1))
        return {"snapshot": deployment.get("description", ""), "rate": rate, "burst": burst}

    def wanted(self, aws: Aws) -> Values:
        return {"snapshot": self._snapshot(aws), "rate": float(self.rate), "burst": self.burst}

    def configure(self, aws: Aws, changes: Differences) -> None:
        patch = [
            ("/*/*/throttling/rateLimit", str(self.rate)),
            ("/*/*/throttling/burstLimit", str(self.burst)),
        ]
        if "snapshot" in changes:
            patch.append(("/deploymentId", self._deploy(aws)))
        operations: Any = [{"op": "replace", "path": path, "value": value} for path, value in patch]
        aws.apigateway.update_stage(restApiId=self.api.id, stageName=self.stage, patchOperations=operations)

    def delete(self, aws: Aws) -> None:
        api, stage = self.id.split("/")
        remove(aws, lambda: aws.apigateway.delete_stage(restApiId=api, stageName=stage), gone=GONE)
