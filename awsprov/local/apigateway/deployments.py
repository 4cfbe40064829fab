"""REST APIs as AWS has them: deployments are snapshots, which a stage serves until the next one.

moto's stages would serve the methods of this moment, and a forgotten CreateDeployment would go unnoticed here. It also
drops an API's binary media types, takes a usage plan's rate for a whole number, and cannot update an HTTP API's stage.
"""

import copy
import json
import re
from typing import Any
from urllib.parse import unquote

from moto.apigateway import models, responses
from moto.apigatewayv2 import responses as apigatewayv2

_patch_usage_plan = models.UsagePlan.apply_patch_operations
_create_rest_api = responses.APIGatewayResponse.create_rest_api
_BINARY = "/binaryMediaTypes/"


def install() -> None:
    """Put our class into moto; before its first use, and before pickled state is read."""
    LocalRestApi.__module__ = models.__name__  # where pickle will look for it
    for name in ("RestAPI", "LocalRestApi"):
        setattr(models, name, LocalRestApi)
    responses.APIGatewayResponse.create_rest_api = create_rest_api
    models.UsagePlan.apply_patch_operations = patch_usage_plan
    apigatewayv2.ApiGatewayV2Response.update_stage = update_stage


class LocalRestApi(models.RestAPI):  # type: ignore[misc]
    """A REST API whose deployments remember what was deployed."""

    def create_deployment(self, name: str, description: str, stage_variables: Any = None) -> Any:
        """As moto's, with a snapshot; a stage that exists keeps its settings and moves to the new deployment."""
        stage = self.stages.get(name) if name else None
        deployment: Any = super().create_deployment(name, description, stage_variables)
        deployment.snapshot = snapshot(self)
        if stage is not None:
            stage.deployment_id = deployment.id
            stage.variables = {**stage.variables, **(stage_variables or {})}
            self.stages[name] = stage
        return deployment

    def apply_patch_operations(self, patch_operations: list[dict[str, Any]]) -> None:
        """As moto's, which looks for a media type in `value`, where AWS has it in the path."""
        for operation in patch_operations:
            if operation["path"].startswith(_BINARY) and not operation.get("value"):
                media_type = operation["path"].removeprefix(_BINARY).replace("~1", "/")
                operation = {**operation, "value": media_type}  # noqa: PLW2901
            super().apply_patch_operations([operation])

    def update_integration_mocks(self, stage_name: str) -> None:
        """Nothing: moto would register a mocked URL for each method, for good, with a library that is not in use."""


def patch_usage_plan(self: Any, patch_operations: list[dict[str, Any]]) -> None:
    """UpdateUsagePlan, as moto's plan has it, with rates such as 0.5."""
    rates = [operation for operation in patch_operations if operation["path"] == "/throttle/rateLimit"]
    _patch_usage_plan(self, [operation for operation in patch_operations if operation not in rates])
    for operation in rates:
        self.throttle = {**(self.throttle or {}), "rateLimit": float(operation["value"])}


def create_rest_api(self: Any) -> Any:
    """CreateRestApi, as moto's response class has it, with the binary media types."""
    answer = _create_rest_api(self)
    types = self._get_param("binaryMediaTypes")
    if not types or answer[0] != 200:  # noqa: PLR2004
        return answer
    api = self.backend.apis[json.loads(answer[2])["id"]]
    api.binaryMediaTypes = types
    return 200, {}, json.dumps(api.to_dict())


def update_stage(self: Any) -> Any:
    """UpdateStage of an HTTP API, which moto does not have."""
    *_, api_id, _, name = self.path.split("/")
    stage = self.apigatewayv2_backend.get_stage(api_id, unquote(name))
    changes = json.loads(self.body)
    for field in ("accessLogSettings", "autoDeploy", "defaultRouteSettings", "description", "stageVariables"):
        if field in changes:
            setattr(stage, re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", field), changes[field])
    stage.route_settings = {**stage.route_settings, **changes.get("routeSettings", {})}
    return 200, {}, json.dumps(stage.to_json())


def snapshot(api: Any) -> dict[str, Any]:
    """All that a deployment fixes, as plain data: the methods by path, and the API's settings."""
    methods = {
        resource.get_path(): {verb: method.to_json() for verb, method in resource.resource_methods.items()}
        for resource in api.resources.values()
        if resource.resource_methods
    }
    return copy.deepcopy(
        {
            "methods": methods,
            "resources": {resource.get_path(): resource.id for resource in api.resources.values()},
            "binary": list(api.binaryMediaTypes),
            "key_source": api.api_key_source,
        }
    )
