"""The resources that a call of API Gateway touches: its path, and the tags of the API, key or plan in it."""

from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends

from awsprov.local.cloud import ACCOUNT
from awsprov.local.iam.resource_ref import ResourceRef
from awsprov.local.wire import ApiCall


def touched(call: ApiCall, path: str) -> list[ResourceRef]:
    """The one resource that IAM sees: the path, without version and trailing slash."""
    path = path.removeprefix("/v2").rstrip("/")
    given = call.params.get("tags") or call.params.get("Tags") or {}
    collection, _, rest = path[1:].partition("/")
    tags = _tags(call.region, collection, rest.partition("/")[0])
    return [ResourceRef(collection, f"arn:aws:apigateway:{call.region}::{path}", tags, given)]


def _tags(region: str, collection: str, name: str) -> dict[str, str]:
    rest, http = apigateway_backends[ACCOUNT][region], apigatewayv2_backends[ACCOUNT][region]
    kept: Any = {"restapis": rest.apis, "apikeys": rest.keys, "usageplans": rest.usage_plans, "apis": http.apis}
    return dict(getattr(kept.get(collection, {}).get(name), "tags", None) or {})
