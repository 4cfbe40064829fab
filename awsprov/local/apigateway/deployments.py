"""Extends moto's API Gateway: a deployment of a REST API is a snapshot, which a stage serves until the next deployment.

In moto a stage serves the current methods, so that a missing CreateDeployment would go unnoticed. moto also ignores
binary media types, truncates the rates of usage plans to integers, and does not implement UpdateStage of HTTP APIs.
"""

import copy
import functools
import json
import re
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote

from moto.apigateway import models, responses
from moto.apigatewayv2 import models as apigatewayv2_models
from moto.apigatewayv2 import responses as apigatewayv2

from awsprov.local.cloud import Cloud

_patch_usage_plan = models.UsagePlan.apply_patch_operations
_create_rest_api = responses.APIGatewayResponse.create_rest_api
_describe = apigatewayv2_models.Api.to_json
_BINARY = "/binaryMediaTypes/"

INVOKE_URL = "awsprov:invoke-url"  # the tag of a REST API


def install(cloud: Cloud) -> None:
    """Replace moto's class and methods. Must be called before moto is used and before saved state is loaded."""
    LocalRestApi.cloud = cloud
    apigatewayv2_models.Api.to_json = functools.partialmethod(_describe_http_api, cloud)
    LocalRestApi.__module__ = models.__name__  # pickle finds it there
    for name in ("RestAPI", "LocalRestApi"):
        setattr(models, name, LocalRestApi)
    responses.APIGatewayResponse.create_rest_api = create_rest_api
    models.UsagePlan.apply_patch_operations = patch_usage_plan
    apigatewayv2.ApiGatewayV2Response.update_stage = update_stage


def _describe_http_api(api: Any, cloud: Cloud) -> dict[str, Any]:
    """Return the description of an HTTP API, with the endpoint at which it answers here."""
    return {**_describe(api), "apiEndpoint": cloud.invoke_url(api.api_id)}


class LocalRestApi(models.RestAPI):  # type: ignore[misc]
    """A REST API whose deployments are snapshots. `cloud` is on the class: objects of the class are pickled."""

    cloud: ClassVar[Cloud]

    def to_dict(self) -> dict[str, Any]:
        """Return the description, with a tag that says where the API answers. It is not saved: the port may change."""
        description: dict[str, Any] = super().to_dict()
        return {**description, "tags": {**(self.tags or {}), INVOKE_URL: self.cloud.invoke_url(self.id)}}

    def create_deployment(self, name: str, description: str, stage_variables: Any = None) -> Any:
        """Create a deployment with a snapshot. An existing stage keeps its settings and gets the new deployment."""
        stage = self.stages.get(name) if name else None
        deployment: Any = super().create_deployment(name, description, stage_variables)
        deployment.snapshot = snapshot(self)
        if stage is not None:
            stage.deployment_id = deployment.id
            stage.variables = {**stage.variables, **(stage_variables or {})}
            self.stages[name] = stage
        return deployment

    def apply_patch_operations(self, patch_operations: list[dict[str, Any]]) -> None:
        """Update the API. AWS takes a media type from the path, and moto from `value`."""
        for operation in patch_operations:
            if operation["path"].startswith(_BINARY) and not operation.get("value"):
                media_type = operation["path"].removeprefix(_BINARY).replace("~1", "/")
                operation = {**operation, "value": media_type}  # noqa: PLW2901
            super().apply_patch_operations([operation])

    def update_integration_mocks(self, stage_name: str) -> None:
        """Do nothing. moto would register a mocked URL for each method, with a library that is not used here."""


def patch_usage_plan(self: Any, patch_operations: list[dict[str, Any]]) -> None:
    """Update a usage plan, with rates that are not integers, such as 0.5."""
    rates = [operation for operation in patch_operations if operation["path"] == "/throttle/rateLimit"]
    _patch_usage_plan(self, [operation for operation in patch_operations if operation not in rates])
    for operation in rates:
        self.throttle = {**(self.throttle or {}), "rateLimit": float(operation["value"])}


def create_rest_api(self: Any) -> Any:
    """Answer CreateRestApi, with the binary media types."""
    response = _create_rest_api(self)
    types = self._get_param("binaryMediaTypes")
    if not types or response[0] != HTTPStatus.OK:
        return response
    api = self.backend.apis[json.loads(response[2])["id"]]
    api.binaryMediaTypes = types
    return 200, {}, json.dumps(api.to_dict())


def update_stage(self: Any) -> Any:
    """Answer UpdateStage of an HTTP API, which moto does not implement."""
    *_, api_id, _, name = self.path.split("/")
    stage = self.apigatewayv2_backend.get_stage(api_id, unquote(name))
    changes = json.loads(self.body)
    for field in ("accessLogSettings", "autoDeploy", "defaultRouteSettings", "description", "stageVariables"):
        if field in changes:
            setattr(stage, re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", field), changes[field])
    stage.route_settings = {**stage.route_settings, **changes.get("routeSettings", {})}
    return 200, {}, json.dumps(stage.to_json())


def snapshot(api: Any) -> dict[str, Any]:
    """Return a copy of what a deployment contains: methods and resource ids by path, and settings of the API."""
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
            "gateway_responses": {kind: each.to_json() for kind, each in api.gateway_responses.items()},
        }
    )
