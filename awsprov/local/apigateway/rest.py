"""REST APIs (API Gateway v1): serves the deployment of a stage.

A request is checked in the order of AWS: path and method, signature, API key, rate limits, integration.
"""

import base64
import logging
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.apigateway import (
    access_log,
    callers,
    custom_integration,
    deployments,
    gateway_responses,
    mock,
    proxy_v1,
    usage_plans,
)
from awsprov.local.apigateway.access_log import LogContext
from awsprov.local.apigateway.callers import ApiCaller, NotAllowedError
from awsprov.local.apigateway.integration import IntegrationError, IntegrationTimeoutError, LambdaIntegration
from awsprov.local.apigateway.messages import GatewayError, Request, Response
from awsprov.local.apigateway.proxy_v1 import MalformedResponseError
from awsprov.local.apigateway.routes import PathMatch, PathRouter
from awsprov.local.apigateway.templates import TemplateScope
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.apigateway.usage_plans import UsagePlanKey
from awsprov.local.cloud import ACCOUNT, Cloud
from awsprov.local.iam.signatures import SignatureError

_log = logging.getLogger(__name__)
_TIMEOUT = 29_000  # milliseconds
_MAX_ROUTERS = 200  # one per deployment


@dataclass
class MethodCall:
    """A request for a method of a stage, with the results of the checks so far.

    Arguments:
        backend, api, stage: moto's objects.
        snapshot: what the deployment of the stage contains.
        path: the path below the stage, percent-encoded.
    """

    backend: Any
    api: Any
    stage: Any
    snapshot: dict[str, Any]
    request: Request
    path: str
    log_context: LogContext
    match: PathMatch = field(default_factory=lambda: PathMatch("", {}))
    method: dict[str, Any] = field(default_factory=dict)
    api_key: UsagePlanKey | None = None

    @property
    def source_arn(self) -> str:
        """The ARN of the method for the function's policy, with `*` for each variable of the path."""
        path = "/".join("*" if part.startswith("{") else part for part in self.match.path.strip("/").split("/"))
        region = self.backend.region_name
        return f"arn:aws:execute-api:{region}:{ACCOUNT}:{self.api.id}/{self.stage.name}/{self.request.method}/{path}"


class RestApis:
    """Serves the REST APIs of a local cloud."""

    def __init__(self, cloud: Cloud, throttle: Throttle) -> None:
        self._cloud = cloud
        self._throttle = throttle
        self._routers: dict[str, PathRouter] = {}

    async def serve(self, backend: Any, api_id: str, rest: str, request: Request) -> Response:
        """Serve a request.

        Arguments:
            rest: the path below the API: the stage, then the path of the method.

        Raises:
            GatewayError: the stage does not exist.
        """
        call = _new_call(backend, api_id, rest, request)
        response = await self._respond(call)
        response.headers += [("x-amzn-RequestId", request.id), ("x-amz-apigw-id", request.extended_id)]
        settings = call.stage.access_log_settings
        access_log.write(
            self._cloud, backend.region_name, settings, call.log_context, request=request, response=response
        )
        return response

    async def _respond(self, call: MethodCall) -> Response:
        try:
            self._find_method(call)
            self._authorize(call)
            self._throttle_stage(call)
            return await _integrate(call)
        except GatewayError as error:
            return gateway_responses.respond(error, call.request, call.snapshot.get("gateway_responses", {}))

    def _find_method(self, call: MethodCall) -> None:
        """Find the method of the most specific path: the one for the HTTP method, or the one for ANY."""
        match = self._router(call).match(call.path)
        methods = call.snapshot["methods"].get(match.path, {}) if match else {}
        method = methods.get(call.request.method) or methods.get("ANY")
        if match is None or method is None:
            raise GatewayError(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
        call.match, call.method, call.log_context.resource = match, method, match.path

    def _router(self, call: MethodCall) -> PathRouter:
        key = f"{call.api.id}/{call.stage.deployment_id}"
        if key not in self._routers:
            if len(self._routers) >= _MAX_ROUTERS:
                self._routers.clear()
            self._routers[key] = PathRouter(call.snapshot["methods"])
        return self._routers[key]

    def _authorize(self, call: MethodCall) -> None:
        if call.request.too_large:
            raise GatewayError(413, "Request Too Long", "RequestEntityTooLargeException")
        authorization = call.method["authorizationType"] or "NONE"
        if authorization == "AWS_IAM":
            call.log_context.caller = _authorize_caller(call, self._cloud)
        elif authorization != "NONE":
            _log.warning(
                "The local cloud does not support authorizers of type %s and refuses the request.", authorization
            )
            raise GatewayError(401, "Unauthorized", "UnauthorizedException")
        if str(call.method["apiKeyRequired"]).lower() == "true":
            call.api_key = usage_plans.find_key(call.backend, call.api.id, call.stage.name, call.request)
            call.log_context.api_key_id = call.api_key.id
            usage_plans.check_limits(self._throttle, call.api_key, f"{call.match.path}/{call.request.method}")

    def _throttle_stage(self, call: MethodCall) -> None:
        """Apply the rate limit of the method, or else that of all methods of the stage."""
        path = call.match.path.replace("/", "~1")
        for setting in (f"{path}/{call.request.method}", f"{path}/*", "*/*"):
            limits = call.stage.method_settings.get(setting)
            if limits is None:
                continue
            key = ("stage", call.api.id, call.stage.name, setting)
            if not self._throttle.allow(key, limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")):
                raise GatewayError(429, "Too Many Requests", "TooManyRequestsException")
            return


def _new_call(backend: Any, api_id: str, rest: str, request: Request) -> MethodCall:
    api = backend.apis[api_id]
    name, _, path = rest.partition("/")
    stage = api.stages.get(name)
    deployment = api.deployments.get(stage.deployment_id) if stage else None
    if deployment is None:
        raise GatewayError(403, "Forbidden", "ForbiddenException")
    snapshot = getattr(deployment, "snapshot", None) or deployments.snapshot(api)
    log_context = LogContext(api_id, name, path=f"/{rest}")
    return MethodCall(backend, api, stage, snapshot, request, f"/{path}", log_context)


def _authorize_caller(call: MethodCall, cloud: Cloud) -> ApiCaller:
    """Return the caller, whom policies must allow to invoke the method."""
    method = f"{call.api.id}/{call.stage.name}/{call.request.method}{call.path}"
    try:
        return callers.authorize(cloud, call.request, call.backend.region_name, method)
    except SignatureError as error:
        raise GatewayError(403, error.message, error.error_type) from error
    except NotAllowedError as error:
        raise GatewayError(403, str(error), "AccessDeniedException") from error


async def _integrate(call: MethodCall) -> Response:
    integration = call.method.get("methodIntegration") or {}
    integration_type = integration.get("type")
    converted = integration_type == "AWS_PROXY" or integration.get("contentHandling")
    if not converted and proxy_v1.has_binary_body(call.request, call.snapshot["binary"]):
        raise _internal_error(500)  # "Unable to transform request": a template cannot read a binary body
    if integration_type == "MOCK":
        return mock.respond(call.request, call.method, _template_scope(call))
    if integration_type not in {"AWS", "AWS_PROXY"}:
        _log.warning("The local cloud does not support integrations of type %s.", integration_type)
        raise _internal_error(500)
    timeout = int(integration.get("timeoutInMillis") or _TIMEOUT) / 1000
    function = LambdaIntegration(integration["uri"], (call.source_arn,), timeout, call.stage.variables)
    if integration_type == "AWS":
        scope = _template_scope(call)
        return await custom_integration.respond(call.request, call.method, function, scope, call.log_context)
    return await _proxy(call, function)


def _template_scope(call: MethodCall) -> TemplateScope:
    event, body = _event(call), call.request.body
    if proxy_v1.has_binary_body(call.request, call.snapshot["binary"]):  # CONVERT_TO_TEXT: base64
        body = base64.b64encode(body)
    return TemplateScope(
        body.decode(errors="replace"),
        call.match.variables,
        {name: values[-1] for name, values in call.request.query_parameters.items()},
        call.request.headers,
        event["requestContext"],
        call.stage.variables,
    )


async def _proxy(call: MethodCall, function: LambdaIntegration) -> Response:
    try:
        response = await function.invoke(_event(call), call.log_context)
        if response.error:
            raise MalformedResponseError("the function failed")
        accept = call.request.headers.get("Accept", "")
        return proxy_v1.parse_response(response.payload, accept, call.snapshot["binary"])
    except IntegrationTimeoutError as error:
        raise GatewayError(504, "Endpoint request timed out", "GatewayTimeoutException") from error
    except (IntegrationError, MalformedResponseError) as error:
        _log.warning("API %s: %s", call.api.id, error)
        call.log_context.integration_error = str(error)
        raise _internal_error(502 if isinstance(error, MalformedResponseError) else 500) from error


def _event(call: MethodCall) -> dict[str, Any]:
    api_key = (call.api_key.id, call.api_key.value) if call.api_key else None
    context = {
        "resourceId": call.snapshot["resources"].get(call.match.path, ""),
        "path": f"/{call.stage.name}{call.path}",
        "stage": call.stage.name,
        "domainPrefix": call.api.id,
        "domainName": f"{call.api.id}.execute-api.{call.backend.region_name}.amazonaws.com",
        "deploymentId": call.stage.deployment_id,
        "apiId": call.api.id,
        "identity": proxy_v1.identity(call.request, caller=call.log_context.caller, api_key=api_key),
        "stageVariables": call.stage.variables,
    }
    return proxy_v1.build_event(call.request, call.match, call.path, context, call.snapshot["binary"])


def _internal_error(status: int) -> GatewayError:
    return GatewayError(status, "Internal server error", "InternalServerErrorException")
