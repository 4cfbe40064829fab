"""Extends moto's API Gateway: what AWS adds to descriptions, and listings that moto does not implement."""

import functools
import json
from typing import Any

from moto.apigateway import models
from moto.apigatewayv2 import models as apigatewayv2_models
from moto.apigatewayv2 import responses

_TIMEOUT = 29_000  # milliseconds; the default of an integration of a REST API
_describe = models.Integration.to_json
_describe_http = apigatewayv2_models.Integration.to_json
_method_settings = models.Stage._get_default_method_settings


def install() -> None:
    """Replace moto's methods. Must be called before moto is used."""
    models.Integration.to_json = functools.partialmethod(describe_integration)
    apigatewayv2_models.Integration.to_json = functools.partialmethod(describe_http_integration)
    models.Stage._get_default_method_settings = functools.partialmethod(default_method_settings)
    responses.ApiGatewayV2Response.get_authorizers = get_authorizers


def describe_integration(integration: Any) -> dict[str, Any]:
    """Return the description of an integration of a REST API, with the default of its time-out."""
    description: dict[str, Any] = _describe(integration)
    return {**description, "timeoutInMillis": description["timeoutInMillis"] or _TIMEOUT}


def describe_http_integration(integration: Any) -> dict[str, Any]:
    """Return the description of an integration of an HTTP API, which is reached over the internet by default."""
    description: dict[str, Any] = _describe_http(integration)
    return {**description, "connectionType": description["connectionType"] or "INTERNET"}


def default_method_settings(stage: Any) -> dict[str, Any]:
    """Return the settings of methods for which only some are set."""
    return {**_method_settings(stage), "loggingLevel": "OFF"}


def get_authorizers(self: Any) -> Any:
    """Answer GetAuthorizers of an HTTP API, which moto does not implement."""
    api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
    return 200, {}, json.dumps({"items": [each.to_json() for each in api.authorizers.values()]})
