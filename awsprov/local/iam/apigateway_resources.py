"""The resources of a call of API Gateway: its path, with the tags of the API, API key or usage plan in it."""

from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.resource_ref import ResourceRef
from awsprov.local.wire import ApiCall


def resources(call: ApiCall, path: str) -> list[ResourceRef]:
    """Return the only resource of a call for IAM: its path, without the version and a trailing slash."""
    path = path.removeprefix("/v2").rstrip("/")
    request_tags = call.params.get("tags") or call.params.get("Tags") or {}
    collection, _, rest = path[1:].partition("/")
    tags = _tags(call.region, collection, rest.partition("/")[0])
    return [ResourceRef(collection, f"arn:aws:apigateway:{call.region}::{path}", tags, request_tags)]


def _tags(region: str, collection: str, resource_id: str) -> dict[str, str]:
    rest, http = apigateway_backends[ACCOUNT][region], apigatewayv2_backends[ACCOUNT][region]
    if collection == "apis":
        return dict(http.get_tags(http.apis[resource_id].arn)) if resource_id in http.apis else {}
    collections: Any = {"restapis": rest.apis, "apikeys": rest.keys, "usageplans": rest.usage_plans}
    return dict(getattr(collections.get(collection, {}).get(resource_id), "tags", None) or {})
