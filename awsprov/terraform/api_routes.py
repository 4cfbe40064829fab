"""API Gateway in Terraform's files: the routes, the functions behind them, and who may call."""

from collections.abc import Iterator

from awsprov.terraform.hcl import Block, Terraform

_FIRST, _SECOND = "aws_api_gateway_method", "aws_apigatewayv2_route"  # of REST and HTTP APIs


def routes(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Every route that can be read: its block, `POST /path`, and the text that names the function behind it."""
    yield from _rest(found)
    yield from _http(found)


def api(found: Terraform) -> tuple[dict[str, str], list[str]]:
    """What config.yaml says of the API, and the kinds of authorization for which it has no word."""
    kind = {"type": "http"} if found.of("aws_apigatewayv2_api") else {}
    blocks = [block for block in found.of(_FIRST, _SECOND) if block.values.get("http_method") != "OPTIONS"]
    asked = {
        str(found.value(b.values.get("authorization", b.values.get("authorization_type", "NONE")))) for b in blocks
    }
    if any(block.values.get("api_key_required") is True for block in blocks):
        return {**kind, "auth": "api_key"}, []
    return {**kind, **({"auth": "none"} if asked == {"NONE"} else {})}, sorted(asked - {"NONE", "AWS_IAM"})


def _rest(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Those of a REST API, but for the OPTIONS that browsers ask: `api.cors_origin` makes them."""
    for method in found.of(_FIRST):
        verb, at = found.value(method.values.get("http_method")), str(method.values.get("resource_id"))
        if verb and verb != "OPTIONS":
            joined = [each for each in found.of("aws_api_gateway_integration") if each.values.get("resource_id") == at]
            yield method, f"{verb} {_path(found, at)}", str([each.values.get("uri") for each in joined])


def _path(found: Terraform, reference: str) -> str:
    """The path of a resource, from its parents' parts."""
    for block in found.of("aws_api_gateway_resource"):
        if f"aws_api_gateway_resource.{block.name}.id" in reference:
            above = _path(found, str(block.values.get("parent_id"))).rstrip("/")
            return f"{above}/{found.value(block.values.get('path_part')) or block.name}"
    return "/"


def _http(found: Terraform) -> Iterator[tuple[Block, str, str]]:
    """Those of an HTTP API; its catch-all is a greedy path."""
    for route in found.of(_SECOND):
        target, key = str(route.values.get("target")), found.value(route.values.get("route_key"))
        joined = [each for each in found.of("aws_apigatewayv2_integration") if f".{each.name}." in target]
        if key:
            named = "ANY /{proxy+}" if key == "$default" else str(key)
            yield route, named, str([each.values.get("integration_uri") for each in joined])
