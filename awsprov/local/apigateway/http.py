"""HTTP APIs (API Gateway v2): routes of a stage that deploys by itself, payload format 2.0 (or 1.0), CORS, JWTs."""

import functools
import logging
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.apigateway import access_log, cors, proxy_v1, proxy_v2
from awsprov.local.apigateway.access_log import Facts
from awsprov.local.apigateway.integration import (
    Integration,
    NoAnswerError,
    NoPermissionError,
    ThrottledError,
    TimedOutError,
)
from awsprov.local.apigateway.jwt_verifier import JwtVerifier, ScopeError, TokenError
from awsprov.local.apigateway.messages import RefusedRequestError, Request, Response
from awsprov.local.apigateway.proxy_v1 import MalformedReplyError
from awsprov.local.apigateway.routes import Match, Paths
from awsprov.local.apigateway.signatures import SignatureError, SignedRequest, verify
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.cloud import ACCOUNT, Cloud

_log = logging.getLogger(__name__)
_DEFAULT = "$default"


@dataclass
class Call:
    """One request on its way through one stage."""

    backend: Any
    api: Any
    stage: Any
    request: Request
    path: str  # below the stage, percent-encoded
    facts: Facts
    route: Any = None
    match: Match = field(default_factory=lambda: Match("", {}))
    authorizer: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """The ARN of the route for a function's policy, with its variables by name and as a `*`."""
        prefix = f"arn:aws:execute-api:{self.backend.region_name}:{ACCOUNT}:{self.api.api_id}/{self.stage.name}"
        if self.route.route_key == _DEFAULT:
            return (f"{prefix}/{_DEFAULT}",)
        parts = self.match.path.strip("/").split("/")
        starred = "/".join("*" if part.startswith("{") else part for part in parts)
        return tuple(f"{prefix}/{self.request.method}/{below}" for below in ("/".join(parts), starred))


class Http:
    """All HTTP APIs of one cloud."""

    def __init__(self, cloud: Cloud, throttle: Throttle) -> None:
        self._cloud = cloud
        self._throttle = throttle
        self._jwt_verifier = JwtVerifier()

    def serve(self, backend: Any, api_id: str, rest: str, request: Request) -> Response:
        """Answer a request for `rest`, the path below the API; a first part that names no stage is the path's own."""
        api = backend.apis[api_id]
        first, _, below = rest.partition("/")
        name, path = (first, f"/{below}") if first in api.stages else (_DEFAULT, f"/{rest}")
        stage = api.stages.get(name)
        if stage is None:
            raise RefusedRequestError(404, "Not Found")
        call = Call(backend, api, stage, request, path, Facts(api_id, name, path=path))
        response = cors.preflight(api.cors_configuration, request)
        if response is None:
            response = self._answer(call)
            cors.apply(api.cors_configuration, request, response)
        response.headers.append(("apigw-requestid", request.extended_id))
        access_log.write(self._cloud, backend.region_name, stage.access_log_settings, request, response, call.facts)
        return response

    def _answer(self, call: Call) -> Response:
        try:
            if call.request.too_long:
                raise RefusedRequestError(413, "Request Entity Too Large")
            _choose(call)
            self._authorize(call)
            self._limit(call)
            return _integrate(call)
        except RefusedRequestError as refused:
            return refused.response()

    def _authorize(self, call: Call) -> None:
        kind = call.route.authorization_type or "NONE"
        if kind == "AWS_IAM":
            call.authorizer = {"iam": _signer(call)}
        elif kind == "JWT":
            call.authorizer = {"jwt": self._token(call)}
        elif kind != "NONE":
            _log.warning("the local cloud has no authorizer of type %s; it refuses the request", kind)
            raise RefusedRequestError(401, "Unauthorized")

    def _token(self, call: Call) -> dict[str, Any]:
        authorizer = call.api.authorizers.get(call.route.authorizer_id)
        configuration = (authorizer.jwt_config if authorizer else None) or {}
        scopes = call.route.authorization_scopes or []
        token = _bearer(call.request, authorizer.identity_source if authorizer else None)
        if not token:
            raise RefusedRequestError(401, "Unauthorized", headers={"www-authenticate": "Bearer"})
        try:
            claims = self._jwt_verifier.claims(token, configuration, scopes)
        except ScopeError as error:
            challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
            raise RefusedRequestError(403, "Forbidden", headers={"www-authenticate": challenge}) from error
        except TokenError as error:
            challenge = f'Bearer error="invalid_token" error_description="{error}"'
            raise RefusedRequestError(401, "Unauthorized", headers={"www-authenticate": challenge}) from error
        return {"claims": {name: _claim(value) for name, value in claims.items()}, "scopes": scopes or None}

    def _limit(self, call: Call) -> None:
        """The stage's rates: those of the route where it has its own, else those of all."""
        key = call.route.route_key
        own = (call.stage.route_settings or {}).get(key)
        limits = own or call.stage.default_route_settings or {}
        bucket = ("stage", call.api.api_id, call.stage.name, key if own else "")
        if not self._throttle.allow(bucket, limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")):
            raise RefusedRequestError(429, "Too Many Requests")


def _choose(call: Call) -> None:
    """Find the route: the most specific path that takes the method, the method itself before ANY, else $default."""
    routes = {route.route_key: route for route in list(call.api.routes.values())}
    method = call.request.method
    split = [key.partition(" ")[::2] for key in routes if " " in key]
    match = _paths(tuple(path for verb, path in split if verb in {method, "ANY"})).match(call.path)
    keys = [f"{method} {match.path}", f"ANY {match.path}"] if match else []
    key = next((key for key in [*keys, _DEFAULT] if key in routes), None)
    if key is None:
        raise RefusedRequestError(404, "Not Found")
    call.route, call.match = routes[key], match if match and key != _DEFAULT else Match("", {})
    call.facts.resource = key


@functools.lru_cache(maxsize=256)
def _paths(paths: tuple[str, ...]) -> Paths:
    return Paths(paths)


def _signer(call: Call) -> dict[str, Any]:
    request = call.request
    try:
        signed = SignedRequest(request.method, request.path, request.query, request.lower, request.body)
        key = verify(signed, call.backend.region_name).access_key
    except SignatureError as error:
        _log.info("API %s: %s", call.api.api_id, error)
        raise RefusedRequestError(403, "Forbidden") from error
    call.facts.signer = key
    arn = f"arn:aws:iam::{ACCOUNT}:root"
    who = {"accessKey": key, "accountId": ACCOUNT, "callerId": ACCOUNT, "userArn": arn, "userId": ACCOUNT}
    return {**who, "cognitoIdentity": None, "principalOrgId": None}


def _bearer(request: Request, sources: list[str] | str | None) -> str:
    """The token from the authorizer's identity source, with or without `Bearer` before it."""
    for source in [sources] if isinstance(sources, str) else sources or ["$request.header.Authorization"]:
        _, place, name = source.split(".", 2)
        found = request.lower.get(name.lower(), "") if place == "header" else request.parameters.get(name, [""])[-1]
        if found:
            return found[7:] if found.lower().startswith("bearer ") else found
    return ""


def _claim(value: Any) -> str:
    """A claim as functions get it: a string, a list as AWS writes it."""
    if isinstance(value, list):
        return f"[{' '.join(str(each) for each in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integrate(call: Call) -> Response:
    integration = call.api.integrations.get(str(call.route.target or "").removeprefix("integrations/"))
    if integration is None or integration.integration_type != "AWS_PROXY":
        _log.warning("API %s: route %s has no Lambda integration", call.api.api_id, call.route.route_key)
        raise RefusedRequestError(500, "Internal Server Error")
    old = integration.payload_format_version == "1.0"
    timeout = (integration.timeout_in_millis or 30_000) / 1000
    function = Integration(integration.integration_uri, call.sources, timeout, call.stage.stage_variables or {})
    try:
        answer = function.invoke(_event_v1(call) if old else _event(call), call.facts)
        if answer.error:
            raise MalformedReplyError("the function failed")
        return proxy_v1.reply(answer.payload, "*/*", ["*/*"]) if old else proxy_v2.reply(answer.payload)
    except (TimedOutError, ThrottledError) as error:
        raise RefusedRequestError(503, "Service Unavailable") from error
    except (NoPermissionError, NoAnswerError, MalformedReplyError) as error:
        _log.warning("API %s: %s", call.api.api_id, error)
        call.facts.integration_error = str(error)
        raise RefusedRequestError(500, "Internal Server Error") from error


def _context(call: Call) -> dict[str, Any]:
    context: dict[str, Any] = {
        "apiId": call.api.api_id,
        "domainName": f"{call.api.api_id}.execute-api.{call.backend.region_name}.amazonaws.com",
        "domainPrefix": call.api.api_id,
        "stage": call.stage.name,
        "stageVariables": call.stage.stage_variables,
    }
    return {**context, "authorizer": call.authorizer} if call.authorizer else context


def _path(call: Call) -> str:
    """HTTP APIs keep the name of a named stage in the path that they hand on."""
    return call.path if call.stage.name == _DEFAULT else f"/{call.stage.name}{call.path}"


def _event(call: Call) -> dict[str, Any]:
    return proxy_v2.event(call.request, _path(call), call.route.route_key, call.match.variables, _context(call))


def _event_v1(call: Call) -> dict[str, Any]:
    context = {**_context(call), "path": _path(call), "identity": proxy_v1.identity(call.request)}
    match = Match(call.match.path or call.route.route_key, call.match.variables)
    return {"version": "1.0", **proxy_v1.event(call.request, match, _path(call), context, [])}
