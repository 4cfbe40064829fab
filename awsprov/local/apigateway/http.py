"""HTTP APIs (API Gateway v2): serves the routes of a stage, with CORS and JWT authorizers."""

import asyncio
import functools
import logging
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.apigateway import access_log, callers, cors, proxy_v1, proxy_v2
from awsprov.local.apigateway.access_log import LogContext
from awsprov.local.apigateway.callers import NotAllowedError
from awsprov.local.apigateway.integration import (
    IntegrationError,
    IntegrationThrottledError,
    IntegrationTimeoutError,
    LambdaIntegration,
)
from awsprov.local.apigateway.jwt_verifier import JwtVerifier, ScopeError, TokenError, bearer_token, claim_text
from awsprov.local.apigateway.messages import GatewayError, Request, Response
from awsprov.local.apigateway.proxy_v1 import MalformedResponseError
from awsprov.local.apigateway.routes import PathMatch, PathRouter
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.iam.signatures import SignatureError

_log = logging.getLogger(__name__)
_DEFAULT = "$default"  # the name of the default stage, and the key of the default route
_TIMEOUT = 30_000  # milliseconds


@dataclass
class RouteCall:
    """A request for a route of a stage, with the results of the checks so far.

    Arguments:
        backend, api, stage: moto's objects.
        path: the path below the stage, percent-encoded.
        authorizer: the `authorizer` of the `requestContext`.
    """

    backend: Any
    api: Any
    stage: Any
    request: Request
    path: str
    log_context: LogContext
    route: Any = None
    match: PathMatch = field(default_factory=lambda: PathMatch("", {}))
    authorizer: dict[str, Any] = field(default_factory=dict)

    @property
    def source_arns(self) -> tuple[str, ...]:
        """The ARNs of the route for the function's policy: with the names of the path's variables, and with `*`."""
        prefix = f"arn:aws:execute-api:{self.backend.region_name}:{ACCOUNT}:{self.api.api_id}/{self.stage.name}"
        if self.route.route_key == _DEFAULT:
            return (f"{prefix}/{_DEFAULT}",)
        parts = self.match.path.strip("/").split("/")
        with_wildcards = ["*" if part.startswith("{") else part for part in parts]
        return tuple(f"{prefix}/{self.request.method}/{'/'.join(path)}" for path in (parts, with_wildcards))


class HttpApis:
    """Serves the HTTP APIs of a local cloud."""

    def __init__(self, cloud: Cloud, throttle: Throttle) -> None:
        self._cloud = cloud
        self._throttle = throttle
        self._jwt_verifier = JwtVerifier()

    async def serve(self, backend: Any, api_id: str, rest: str, request: Request) -> Response:
        """Serve a request.

        Arguments:
            rest: the path below the API: the path of the route, after the stage unless that is `$default`.

        Raises:
            GatewayError: the stage does not exist.
        """
        api = backend.apis[api_id]
        first, _, others = rest.partition("/")
        name, path = (first, f"/{others}") if first in api.stages else (_DEFAULT, f"/{rest}")
        stage = api.stages.get(name)
        if stage is None:
            raise GatewayError(404, "Not Found")
        context = LogContext(api_id, name, path=path)
        response = cors.preflight_response(api.cors_configuration, request)
        if response is None:
            response = await self._respond(RouteCall(backend, api, stage, request, path, context))
            cors.replace_headers(api.cors_configuration, request, response)
        response.headers.append(("apigw-requestid", request.extended_id))
        settings = stage.access_log_settings
        access_log.write(self._cloud, backend.region_name, settings, context, request=request, response=response)
        return response

    async def _respond(self, call: RouteCall) -> Response:
        try:
            if call.request.too_large:
                raise GatewayError(413, "Request Entity Too Large")
            _find_route(call)
            await self._authorize(call)
            self._throttle_stage(call)
            return await _integrate(call)
        except GatewayError as error:
            return error.response()

    async def _authorize(self, call: RouteCall) -> None:
        authorization = call.route.authorization_type or "NONE"
        if authorization == "AWS_IAM":
            call.authorizer = {"iam": _authorize_caller(call, self._cloud)}
        elif authorization == "JWT":
            call.authorizer = {"jwt": await self._verify_token(call)}
        elif authorization != "NONE":
            _log.warning(
                "The local cloud does not support authorizers of type %s and refuses the request.", authorization
            )
            raise GatewayError(401, "Unauthorized")

    async def _verify_token(self, call: RouteCall) -> dict[str, Any]:
        """Return the `jwt` of the authorizer's context."""
        authorizer = call.api.authorizers.get(call.route.authorizer_id)
        configuration = (authorizer.jwt_config if authorizer else None) or {}
        scopes = call.route.authorization_scopes or []
        token = bearer_token(call.request, authorizer.identity_source if authorizer else None)
        if not token:
            raise GatewayError(401, "Unauthorized", headers={"www-authenticate": "Bearer"})
        try:
            claims = await asyncio.to_thread(self._jwt_verifier.claims, token, configuration, scopes)  # it fetches keys
        except ScopeError as error:
            challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
            raise GatewayError(403, "Forbidden", headers={"www-authenticate": challenge}) from error
        except TokenError as error:
            challenge = f'Bearer error="invalid_token" error_description="{error}"'
            raise GatewayError(401, "Unauthorized", headers={"www-authenticate": challenge}) from error
        return {"claims": {name: claim_text(value) for name, value in claims.items()}, "scopes": scopes or None}

    def _throttle_stage(self, call: RouteCall) -> None:
        """Apply the rate limit of the route, or else that of all routes of the stage."""
        key = call.route.route_key
        route_limits = (call.stage.route_settings or {}).get(key)
        limits = route_limits or call.stage.default_route_settings or {}
        bucket = ("stage", call.api.api_id, call.stage.name, key if route_limits else "")
        if not self._throttle.allow(bucket, limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")):
            raise GatewayError(429, "Too Many Requests")


def _find_route(call: RouteCall) -> None:
    """Find the route of the most specific path: the one for the HTTP method, the one for ANY, or `$default`."""
    routes = {route.route_key: route for route in list(call.api.routes.values())}
    method = call.request.method
    pairs = [key.partition(" ")[::2] for key in routes if " " in key]
    match = _router(tuple(path for verb, path in pairs if verb in {method, "ANY"})).match(call.path)
    keys = [f"{method} {match.path}", f"ANY {match.path}"] if match else []
    key = next((key for key in [*keys, _DEFAULT] if key in routes), None)
    if key is None:
        raise GatewayError(404, "Not Found")
    call.route, call.match = routes[key], match if match and key != _DEFAULT else PathMatch("", {})
    call.log_context.resource = key


@functools.lru_cache(maxsize=256)
def _router(paths: tuple[str, ...]) -> PathRouter:
    return PathRouter(paths)


def _authorize_caller(call: RouteCall, cloud: Cloud) -> dict[str, Any]:
    """Return the `iam` of the authorizer's context, for a caller whom policies allow to invoke the route."""
    method = f"{call.api.api_id}/{call.stage.name}/{call.request.method}{call.path}"
    try:
        caller = callers.authorize(cloud, call.request, call.backend.region_name, method)
    except (SignatureError, NotAllowedError) as error:
        _log.info("API %s: %s", call.api.api_id, error)
        raise GatewayError(403, "Forbidden") from error
    call.log_context.caller = caller
    return {
        "accessKey": caller.access_key,
        "accountId": ACCOUNT,
        "callerId": caller.user_id,
        "userArn": caller.arn,
        "userId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
    }


async def _integrate(call: RouteCall) -> Response:
    integration = call.api.integrations.get(str(call.route.target or "").removeprefix("integrations/"))
    if integration is None or integration.integration_type != "AWS_PROXY":
        _log.warning("API %s: route %s has no Lambda integration", call.api.api_id, call.route.route_key)
        raise GatewayError(500, "Internal Server Error")
    timeout = (integration.timeout_in_millis or _TIMEOUT) / 1000
    variables = call.stage.stage_variables or {}
    function = LambdaIntegration(integration.integration_uri, call.source_arns, timeout, variables)
    try:
        return await _invoke(function, call, integration.payload_format_version)
    except (IntegrationTimeoutError, IntegrationThrottledError) as error:
        raise GatewayError(503, "Service Unavailable") from error
    except (IntegrationError, MalformedResponseError) as error:
        _log.warning("API %s: %s", call.api.api_id, error)
        call.log_context.integration_error = str(error)
        raise GatewayError(500, "Internal Server Error") from error


async def _invoke(function: LambdaIntegration, call: RouteCall, payload_format: str) -> Response:
    version_1 = payload_format == "1.0"
    response = await function.invoke(_event_v1(call) if version_1 else _event_v2(call), call.log_context)
    if response.error:
        raise MalformedResponseError("the function failed")
    if version_1:
        return proxy_v1.parse_response(response.payload, "*/*", ["*/*"])
    return proxy_v2.parse_response(response.payload)


def _context(call: RouteCall) -> dict[str, Any]:
    context: dict[str, Any] = {
        "apiId": call.api.api_id,
        "domainName": f"{call.api.api_id}.execute-api.{call.backend.region_name}.amazonaws.com",
        "domainPrefix": call.api.api_id,
        "stage": call.stage.name,
        "stageVariables": call.stage.stage_variables,
    }
    return {**context, "authorizer": call.authorizer} if call.authorizer else context


def _event_path(call: RouteCall) -> str:
    """Return the path for the function, which contains the stage unless it is `$default`."""
    return call.path if call.stage.name == _DEFAULT else f"/{call.stage.name}{call.path}"


def _event_v2(call: RouteCall) -> dict[str, Any]:
    route_key, variables = call.route.route_key, call.match.variables
    return proxy_v2.build_event(call.request, _event_path(call), route_key, variables, _context(call))


def _event_v1(call: RouteCall) -> dict[str, Any]:
    path = _event_path(call)
    context = {**_context(call), "path": path, "identity": proxy_v1.identity(call.request)}
    match = PathMatch(call.match.path or call.route.route_key, call.match.variables)
    return {"version": "1.0", **proxy_v1.build_event(call.request, match, path, context, [])}
