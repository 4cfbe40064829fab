"""Extends moto's API Gateway: tags of APIs, API keys and usage plans, of which moto changes those of stages only."""

import json
from typing import Any
from urllib.parse import unquote

from moto.apigateway import urls
from moto.apigateway.exceptions import NotFoundException
from moto.apigateway.responses import APIGatewayResponse
from moto.apigatewayv2.models import ApiGatewayV2Backend

_PATH = "{0}/tags/arn:(?P<partition>[^/]+):apigateway:(?P<region_name>[^/]+)::/(?P<resource>.+)$"
_untag_http = ApiGatewayV2Backend.untag_resource
_tag_http = ApiGatewayV2Backend.tag_resource


def install() -> None:
    """Replace moto's methods. Must be called before moto is used."""
    urls.url_paths[_PATH] = APIGatewayResponse.dispatch
    APIGatewayResponse.get_tags = get_tags
    APIGatewayResponse.tag_resource = tag_resource
    APIGatewayResponse.untag_resource = untag_resource
    ApiGatewayV2Backend.tag_resource = tag_http_resource
    ApiGatewayV2Backend.untag_resource = untag_http_resource


def get_tags(self: Any) -> str:
    """Return the tags of a resource of REST APIs."""
    return json.dumps({"tags": _resource(self).tags or {}})


def tag_resource(self: Any) -> str:
    """Set tags of a resource of REST APIs; others that it has stay."""
    resource = _resource(self)
    resource.tags = {**(resource.tags or {}), **self._get_param("tags")}
    return "{}"


def untag_resource(self: Any) -> str:
    """Remove tags of a resource of REST APIs."""
    resource, removed = _resource(self), self.querystring.get("tagKeys") or []
    resource.tags = {key: value for key, value in (resource.tags or {}).items() if key not in removed}
    return "{}"


def tag_http_resource(self: Any, resource_arn: str, tags: dict[str, str]) -> None:
    """Set tags of an HTTP API or its stage; moto has those of stages in another place."""
    if stage := _http_stage(self, resource_arn):
        stage.tags = {**(stage.tags or {}), **tags}
    else:
        _tag_http(self, resource_arn, tags)


def untag_http_resource(self: Any, resource_arn: str, tag_keys: list[str]) -> None:
    """Remove tags of an HTTP API or its stage."""
    if stage := _http_stage(self, resource_arn):
        stage.tags = {key: value for key, value in (stage.tags or {}).items() if key not in tag_keys}
    else:
        _untag_http(self, resource_arn, tag_keys)


def _resource(response: Any) -> Any:
    """Return moto's object of the resource in the path of a call: its ARN, percent-encoded or not.

    Raises:
        NotFoundException: it does not exist.
    """
    parts = unquote(response.path.partition("/tags/")[2]).partition("::/")[2].split("/")
    backend = response.backend
    if len(parts) > len(("restapis", "id")):
        return backend.get_stage(parts[1], parts[3])
    collection = {"restapis": backend.apis, "apikeys": backend.keys, "usageplans": backend.usage_plans}[parts[0]]
    if parts[1] not in collection:
        raise NotFoundException("Invalid resource identifier specified")
    return collection[parts[1]]


def _http_stage(backend: Any, arn: str) -> Any:
    """Return moto's object of a stage of an HTTP API; None if the ARN is not that of a stage."""
    api, is_stage, name = arn.partition("/apis/")[2].partition("/stages/")
    return backend.apis[api].stages[name] if is_stage else None
