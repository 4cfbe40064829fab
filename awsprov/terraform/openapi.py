"""Reads OpenAPI documents, the `body` of an API, into the resources that Terraform has for routes.

The extensions are those of API Gateway's developer guide, "OpenAPI extensions for API Gateway".
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from awsprov.config import yaml_document
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.scopes import MAX_INSTANCES
from awsprov.terraform.values import Unknown, is_sensitive, with_references

_ANY, _EXTENSION = "x-amazon-apigateway-any-method", "x-amazon-apigateway-"
_VERBS = {each.lower(): each for each in ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")} | {_ANY: "ANY"}
_AUTHORIZATION = {"awssigv4": "AWS_IAM", "cognito_user_pools": "COGNITO_USER_POOLS"}


def with_bodies(found: Infrastructure, findings: Findings) -> Infrastructure:
    """Return the infrastructure with the resources that the bodies of its APIs describe."""
    added: list[ParsedResource] = []
    for api in found.of("aws_api_gateway_rest_api", "aws_apigatewayv2_api"):
        if api.get("body") is None:
            continue
        try:
            added += list(_OpenApi(api, _parsed(api.get("body"))).resources())[:MAX_INSTANCES]
        except ValueError as error:
            findings.note(api, f"its OpenAPI `body` {error}; write its routes into config.yaml yourself")
    return replace(found, resources=[*found.resources, *added])


def _parsed(body: Any) -> dict[str, Any]:
    """Return an OpenAPI document in JSON or YAML.

    Raises:
        ValueError: it is not known, or is something else; the message is the end of a sentence.
    """
    text = body.text if isinstance(body, Unknown) else body
    if is_sensitive(body) or not isinstance(text, str) or not text:
        raise ValueError("comes from a sensitive variable" if is_sensitive(body) else body.reason)
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml_document.parse(text)
    except (ValueError, RecursionError):
        raise ValueError("cannot be read") from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise ValueError("has no paths")
    return document


class _OpenApi:
    """An OpenAPI document of an API."""

    def __init__(self, api: ParsedResource, content: dict[str, Any]) -> None:
        self.api, self.content = api, content
        components = content.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, dict) else None
        self.schemes = _map(schemes) or _map(content.get("securityDefinitions"))

    def resources(self) -> Iterator[ParsedResource]:
        """Yield the resources of its routes, and of what they share."""
        is_rest = self.api.type == "aws_api_gateway_rest_api"
        for path, verb, operation in self._operations():
            integration = self._resolved(operation.get(f"{_EXTENSION}integration"))
            if integration:
                yield from (self._rest if is_rest else self._http)(path, verb, operation, integration)
        if not is_rest:
            yield from self._shared()

    def _operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in self.content["paths"].items():
            for name, operation in self._resolved(item).items():
                if str(name).lower() in _VERBS and isinstance(operation, dict):
                    yield str(path), _VERBS[str(name).lower()], operation

    def _rest(
        self, path: str, verb: str, operation: dict[str, Any], integration: dict[str, Any]
    ) -> Iterator[ParsedResource]:
        where = f"aws_api_gateway_resource.{path}"
        yield self._resource("aws_api_gateway_resource", where, {"parent_id": "/", "path_part": path.lstrip("/")})
        place = {"resource_id": self._reference(where), "http_method": verb}
        authorization = self._authorization(operation)
        method = {"authorization": authorization, "api_key_required": authorization == "API_KEY"}
        yield self._resource("aws_api_gateway_method", f"{verb} {path}", {**place, **method})
        values = {
            "type": _upper(integration.get("type")),
            "uri": with_references(integration.get("uri")),
            "timeout_milliseconds": integration.get("timeoutInMillis"),
            "request_templates": integration.get("requestTemplates"),
        }
        yield self._resource("aws_api_gateway_integration", f"{verb} {path}", {**place, **values})
        for pattern, response in _map(integration.get("responses")).items():
            values = {
                "status_code": _map(response).get("statusCode"),
                "selection_pattern": None if pattern == "default" else str(pattern),
                "response_parameters": _map(response).get("responseParameters"),
            }
            yield self._resource("aws_api_gateway_integration_response", f"{verb} {path}", {**place, **values})

    def _http(
        self, path: str, verb: str, operation: dict[str, Any], integration: dict[str, Any]
    ) -> Iterator[ParsedResource]:
        key = "$default" if path == "/$default" else f"{verb} {path}"
        target = f"integrations of {key}"
        values = {"integration_uri": with_references(integration.get("uri"))}
        yield self._resource("aws_apigatewayv2_integration", target, values)
        route = {
            "route_key": key,
            "target": self._reference(target),
            "authorization_type": self._authorization(operation),
        }
        yield self._resource("aws_apigatewayv2_route", key, route)

    def _shared(self) -> Iterator[ParsedResource]:
        """Yield CORS and the JWT authorizers of an HTTP API."""
        cors = _map(self.content.get(f"{_EXTENSION}cors"))
        if cors:
            yield self._resource(
                self.api.type, "CORS", {"cors_configuration": [{"allow_origins": cors.get("allowOrigins")}]}
            )
        for name, scheme in self.schemes.items():
            jwt = _map(_map(_map(scheme).get(f"{_EXTENSION}authorizer")).get("jwtConfiguration"))
            if jwt:
                yield self._resource("aws_apigatewayv2_authorizer", str(name), {"jwt_configuration": [jwt]})

    def _authorization(self, operation: dict[str, Any]) -> str:
        """Return the authorization of an operation, as Terraform calls it; `API_KEY` for one that needs an API key."""
        own = _map(operation.get(f"{_EXTENSION}auth")).get("type")
        if isinstance(own, str):
            return own.upper()
        required = operation.get("security", self.content.get("security"))
        names = [str(name) for each in (required if isinstance(required, list) else []) for name in _map(each)]
        kinds = [self._kind(_map(self.schemes.get(name))) for name in names]
        return next((kind for kind in kinds if kind != "API_KEY"), "API_KEY" if kinds else "NONE")

    @staticmethod
    def _kind(scheme: dict[str, Any]) -> str:
        authorizer = _map(scheme.get(f"{_EXTENSION}authorizer"))
        if str(authorizer.get("type")).lower() == "jwt":
            return "JWT"
        named = str(scheme.get(f"{_EXTENSION}authtype", "")).lower()
        if named or authorizer:
            return _AUTHORIZATION.get(named, "CUSTOM")
        return "API_KEY" if str(scheme.get("name")).lower() == "x-api-key" else "CUSTOM"

    def _resolved(self, value: Any) -> dict[str, Any]:
        """Return a map, or the one that its `$ref` names in the document."""
        reference = _map(value).get("$ref")
        if not isinstance(reference, str):
            return _map(value)
        found: Any = self.content
        for step in reference.removeprefix("#/").split("/"):
            found = _map(found).get(step.replace("~1", "/").replace("~0", "~"))
        return _map(found)

    def _resource(self, kind: str, name: str, values: dict[str, Any]) -> ParsedResource:
        given = {key: value for key, value in values.items() if value is not None}
        return ParsedResource(kind, name, f"{self.api.address} {name}", self.api.file, given, self.api.directory)

    def _reference(self, name: str) -> Unknown:
        return Unknown("is in the OpenAPI document", frozenset({f"{self.api.address} {name}"}))


def _map(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value
