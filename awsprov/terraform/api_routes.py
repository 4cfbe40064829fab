"""Reads API Gateway's resources in Terraform files: routes, their functions, authorization."""

from collections.abc import Iterator

from awsprov.terraform.hcl import Block, Terraform

_REST_METHOD, _HTTP_ROUTE = "aws_api_gateway_method", "aws_apigatewayv2_route"


def routes(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Yield every route: its block, `POST /path`, and the expression that refers to its function."""
    yield from _rest(found)
    yield from _http(found)


def api(found: Terraform) -> tuple[dict[str, str], list[str]]:
    """Return the section `api`, and the kinds of authorization that awsprov does not support."""
    kind = {"type": "http"} if found.of("aws_apigatewayv2_api") else {}
    blocks = [block for block in found.of(_REST_METHOD, _HTTP_ROUTE) if block.values.get("http_method") != "OPTIONS"]
    authorizations = {
        str(found.value(b.values.get("authorization", b.values.get("authorization_type", "NONE")))) for b in blocks
    }
    if any(block.values.get("api_key_required") is True for block in blocks):
        return {**kind, "auth": "api_key"}, []
    return {**kind, **({"auth": "none"} if authorizations == {"NONE"} else {})}, sorted(
        authorizations - {"NONE", "AWS_IAM"}
    )


def _rest(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Yield the routes of a REST API, without OPTIONS: awsprov creates those for `api.cors_origin`."""
    for method in found.of(_REST_METHOD):
        verb, at = found.value(method.values.get("http_method")), str(method.values.get("resource_id"))
        if verb and verb != "OPTIONS":
            joined = [each for each in found.of("aws_api_gateway_integration") if each.values.get("resource_id") == at]
            yield method, f"{verb} {_path(found, at)}", str([each.values.get("uri") for each in joined])


def _path(found: Terraform, reference: str) -> str:
    """Return the path of a resource, with those of its parents."""
    for block in found.of("aws_api_gateway_resource"):
        if f"aws_api_gateway_resource.{block.name}.id" in reference:
            above = _path(found, str(block.values.get("parent_id"))).rstrip("/")
            return f"{above}/{found.value(block.values.get('path_part')) or block.name}"
    return "/"


def _http(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Yield the routes of an HTTP API; `$default` becomes a greedy path."""
    for route in found.of(_HTTP_ROUTE):
        target, key = str(route.values.get("target")), found.value(route.values.get("route_key"))
        joined = [each for each in found.of("aws_apigatewayv2_integration") if f".{each.name}." in target]
        if key:
            named = "ANY /{proxy+}" if key == "$default" else str(key)
            yield route, named, str([each.values.get("integration_uri") for each in joined])
