"""The path variables that API Gateway refuses beside others."""

import re
from collections.abc import Iterator

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends

from awsprov.local.behaviour.fidelity_row import REPORTS
from awsprov.local.behaviour.validation import ValidationRule
from awsprov.local.cloud import ACCOUNT
from awsprov.local.wire import ApiCall


def _variable_siblings(call: ApiCall) -> Iterator[str]:
    part, parent = str(call.params.get("pathPart", "")), call.params.get("parentId")
    api = apigateway_backends[ACCOUNT][call.region].apis.get(call.params.get("restApiId"))
    for resource in api.resources.values() if api and part.startswith("{") else ():
        other = str(resource.path_part or "")
        if resource.parent_id == parent and other.startswith("{") and other != part:
            yield f"A sibling ({other}) of this resource already has a variable path part -- only one is allowed"


def _variable_routes(call: ApiCall) -> Iterator[str]:
    key = str(call.params.get("RouteKey", ""))
    api = apigatewayv2_backends[ACCOUNT][call.region].apis.get(call.params.get("ApiId"))
    for route in api.routes.values() if api else ():
        renamed = route.route_key != key and _nameless(route.route_key) == _nameless(key)
        if renamed and route.route_id != call.params.get("RouteId"):
            yield (
                f'The provided route key "{key}" has a conflicting variable on the same hierarchical level as '
                f'"{route.route_key}"'
            )


def _nameless(route_key: str) -> str:
    return re.sub(r"\{[^}+]*", "{", route_key)


PATH_LIMITS = (
    ValidationRule(
        ("apigateway:CreateResource",),
        "Two sibling resources of a REST API with path variables of different names",
        _variable_siblings,
        "BadRequestException",
        source=f"{REPORTS} (serverless issue 3075)",
    ),
    ValidationRule(
        ("apigatewayv2:CreateRoute", "apigatewayv2:UpdateRoute"),
        "Two routes of an HTTP API that differ only in the names of path variables",
        _variable_routes,
        "ConflictException",
        status=409,
        source=f"{REPORTS} (plutomi issue 271)",
    ),
)
