"""Converts API Gateway's resources: routes, their functions, authorization, payload and CORS."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from awsprov.config.api import MAX_TIMEOUT, ORIGIN, WAITS
from awsprov.config.payload import is_error
from awsprov.config.route import Route
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.throttling import note_keys, throttle
from awsprov.terraform.values import Sensitive, Unknown, guess, text_of, unknowns

_FUNCTION_ARN = re.compile(r":function:([\w-]+)")
_SERVICE = re.compile(r":apigateway:[^:]*:([\w.-]+):")  # that the URI of an integration calls
_ORIGIN = "method.response.header.Access-Control-Allow-Origin"
_DEFAULT_ERROR = 500


@dataclass
class FoundRoute:
    """A route of the API.

    Attributes:
        place: the resource that declares it.
        text: `POST /path`.
        target: the value that identifies its function.
        takes_body: whether its integration is not a proxy: its function gets the JSON body.
        errors: the HTTP status of each pattern of an error message.
    """

    place: ParsedResource
    text: str
    target: Any
    takes_body: bool = False
    errors: dict[int, str] = field(default_factory=dict)


def routes(found: Infrastructure, findings: Findings) -> list[FoundRoute]:
    """Return every route that config.yaml can have."""
    listed = []
    for route in (*_rest(found, findings), *_http(found, findings)):
        try:
            Route.parse(route.text)
            listed.append(route)
        except ValueError:
            findings.note(route.place, f"`{route.text}` is not a route that awsprov creates")
    return listed


def function_of(target: Any, functions: list[ParsedResource], found: Infrastructure) -> ParsedResource | None:
    """Return the function that an integration refers to; of an alias, the function of the alias."""
    named = [each for each in functions if each.refers_to(target)]
    for alias in found.of("aws_lambda_alias"):
        if alias.refers_to(target):
            inner = alias.get("function_name")
            named += [each for each in functions if each.refers_to(inner) or each.get("function_name") == inner]
    text = target.text if isinstance(target, Unknown) else target
    name = _FUNCTION_ARN.search(text) if isinstance(text, str) else None
    named += [each for each in functions if name and each.get("function_name") == name[1]]
    return next(iter(named), None)


def api(found: Infrastructure, findings: Findings) -> dict[str, Any]:
    """Return the section `api`, without what depends on the functions."""
    section: dict[str, Any] = {}
    if found.of("aws_apigatewayv2_api"):
        section["type"] = "http"
    section |= _authorization(found, findings)
    if origin := _origin(found, findings):
        section["cors_origin"] = origin
    for block in found.of("aws_api_gateway_integration"):
        wait = block.get("timeout_milliseconds")
        if isinstance(wait, int) and wait // 1000 not in (0, WAITS["rest"]):
            section["timeout"] = max(section.get("timeout", 0), min(-(-wait // 1000), MAX_TIMEOUT))
    if limits := throttle(found, findings):
        section["throttle"] = limits
    note_keys(found, findings)
    for block in found.of("aws_lambda_function_url"):
        findings.note(block, "awsprov creates an API in front of functions, no function URLs")
    return section


# ---- authorization


def _authorization(found: Infrastructure, findings: Findings) -> dict[str, Any]:
    blocks = [each for each in found.of("aws_api_gateway_method") if each.get("http_method") != "OPTIONS"]
    kinds = {"api_key" if each.get("api_key_required") is True else _kind(each, "authorization") for each in blocks}
    kinds |= {_kind(each, "authorization_type") for each in found.of("aws_apigatewayv2_route")}
    kinds |= {"NONE" for each in found.of("aws_apigatewayv2_api") if each.get("target") is not None}
    if "JWT" in kinds and (jwt := _jwt(found)):
        return {"auth": "jwt", "jwt": jwt}
    for other in sorted(kinds - {"NONE", "AWS_IAM", "api_key"}):
        findings.note("the API", f"the authorization {other} is not converted; config.yaml has iam")
    if "api_key" in kinds:
        return {"auth": "api_key"}
    if kinds == {"NONE"}:
        findings.note("the API", "its authorization is NONE, so config.yaml has `auth: none`: everyone can call it")
        return {"auth": "none"}
    if "NONE" in kinds:
        findings.note("the API", "some of its routes have no authorization; config.yaml has iam for all")
    return {}


def _kind(block: ParsedResource, name: str) -> str:
    value = block.get(name)
    return "NONE" if value is None else str(value) if isinstance(value, str) else "that is computed"


def _jwt(found: Infrastructure) -> dict[str, Any]:
    """Return the issuer and audience of the first JWT authorizer; empty if they are not known."""
    for authorizer in found.of("aws_apigatewayv2_authorizer"):
        inner = authorizer.inner("jwt_configuration")
        issuer, audience = inner.get("issuer"), inner.get("audience")
        plain = isinstance(audience, list) and audience and all(isinstance(each, str) for each in audience)
        if isinstance(issuer, str) and plain:
            return {"issuer": str(issuer), "audience": list(map(str, audience or []))}
    return {}


# ---- CORS


def _origin(found: Infrastructure, findings: Findings) -> str:
    """Return the origin of CORS: of an OPTIONS method's response, or of an HTTP API."""
    origins: list[Any] = []
    for block in found.of("aws_api_gateway_integration_response"):
        parameters = block.get("response_parameters")
        if isinstance(parameters, dict) and (value := parameters.get(_ORIGIN)) is not None:
            origins.append(value.strip("'") if isinstance(value, str) else value)
    for block in found.of("aws_apigatewayv2_api"):
        listed = block.inner("cors_configuration").get("allow_origins")
        origins += listed if isinstance(listed, list) else [] if listed is None else [listed]
    known = list(
        dict.fromkeys(str(each) for each in origins if isinstance(each, str) and not isinstance(each, Sensitive))
    )
    for each in origins:
        if isinstance(each, Unknown):
            findings.note("the API", f"an origin of CORS {each.reason}; set api.cors_origin yourself")
    if len(known) > 1:
        findings.note("the API", f"CORS has {len(known)} origins ({', '.join(known)}); config.yaml has the first")
    if known and not re.fullmatch(ORIGIN, known[0]):
        findings.note("the API", f"the origin of CORS {known[0]} is not one that config.yaml can have")
        return ""
    return known[0] if known else ""


# ---- routes


def _rest(found: Infrastructure, findings: Findings) -> Iterator[FoundRoute]:
    """Yield the routes of a REST API, without OPTIONS: awsprov creates those for `api.cors_origin`."""
    for method in found.of("aws_api_gateway_method"):
        verb = method.get("http_method")
        if verb == "OPTIONS" or findings.plain(method, "http_method") is None:
            continue
        joined = [each for each in found.of("aws_api_gateway_integration") if _is_of_method(each, method)]
        for block in joined[:1] or [method]:
            path = _path(found, method.get("resource_id"))
            if path is None:
                findings.note(method, "its path is not known, so its route is not converted")
                continue
            text = f"{verb} {path}"
            if other := _other_target(block):
                findings.note(method, f"{text} is answered by {other}, so its route is not converted")
                continue
            route = FoundRoute(method, text, block.get("uri"), block.get("type") == "AWS")
            route.errors = _errors(found, method, findings) if route.takes_body else {}
            _note_templates(block, findings)
            yield route


def _other_target(integration: ParsedResource) -> str:
    """Return what an integration calls; empty if that is a function, or not known."""
    kind, uri = integration.get("type"), integration.get("uri")
    if kind in ("MOCK", "HTTP", "HTTP_PROXY"):
        return f"an integration of type {kind}"
    service = _SERVICE.search(text_of(guess(uri)))
    return f"the service {service[1]}" if service and service[1] != "lambda" else ""


def _is_of_method(block: ParsedResource, method: ParsedResource) -> bool:
    """Return whether an integration, or one of its responses, belongs to a method."""
    at, place = block.get("resource_id"), method.get("resource_id")
    same_place = at == place or bool(_places(at) and _places(at) == _places(place))
    verb = block.get("http_method")
    return method.refers_to(at) or (same_place and (verb == method.get("http_method") or method.refers_to(verb)))


def _places(value: Any) -> set[str]:
    """Return the addresses of the paths in a reference: a resource of the API, or the API itself for its root."""
    references = [address for each in unknowns(value) for address in each.references]
    inner = {each for each in references if "aws_api_gateway_resource." in each}
    return inner or {each for each in references if "aws_api_gateway_rest_api." in each}


def _errors(found: Infrastructure, method: ParsedResource, findings: Findings) -> dict[int, str]:
    """Return the pattern of each HTTP status of an error; all that match none are 500 in awsprov."""
    errors: dict[int, str] = {}
    for block in found.of("aws_api_gateway_integration_response"):
        pattern, status = block.get("selection_pattern"), str(block.get("status_code"))
        if not (_is_of_method(block, method) and isinstance(pattern, str) and pattern and status.isdecimal()):
            continue
        if int(status) == _DEFAULT_ERROR or not is_error(int(status), str(pattern)):
            findings.note(block, f"its pattern for the status {status} is not converted; other errors are 500")
        else:
            errors[int(status)] = str(pattern)
    return errors


def _note_templates(integration: ParsedResource, findings: Findings) -> None:
    templates = integration.get("request_templates")
    if integration.get("type") != "AWS" or not isinstance(templates, dict):
        return
    if any(
        not isinstance(each, str) or each.strip() not in ("", "$input.json('$')", "$input.body")
        for each in templates.values()
    ):
        findings.note(integration, "its mapping template is not converted; `event` of the function maps values")


def _path(found: Infrastructure, reference: Any, depth: int = 0) -> str | None:
    """Return the path of a resource, with those of its parents; None if it is not known, or is sensitive."""
    for block in found.of("aws_api_gateway_resource") if depth < 20 else []:  # noqa: PLR2004 - more than API Gateway's
        if block.refers_to(reference):
            above, part = _path(found, block.get("parent_id"), depth + 1), block.get("path_part")
            plain = isinstance(part, str) and not isinstance(part, Sensitive) and above is not None
            return f"{(above or '').rstrip('/')}/{part}" if plain else None
    return "/" if isinstance(reference, str) or _places(reference) else None


def _http(found: Infrastructure, findings: Findings) -> Iterator[FoundRoute]:
    """Yield the routes of an HTTP API; `$default` becomes a greedy path."""
    for route in found.of("aws_apigatewayv2_route"):
        key, target = findings.text(route, "route_key"), route.get("target")
        joined = [each for each in found.of("aws_apigatewayv2_integration") if each.refers_to(target)]
        for block in joined[:1] or [route]:
            if key:
                named = "ANY /{proxy+}" if key == "$default" else key
                yield FoundRoute(route, named, block.get("integration_uri"))
    for quick in found.of("aws_apigatewayv2_api"):
        if quick.get("target") is not None:
            key = findings.text(quick, "route_key") or "$default"
            yield FoundRoute(quick, "ANY /{proxy+}" if key == "$default" else key, quick.get("target"))
