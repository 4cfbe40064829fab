"""REST APIs (API Gateway v1): the stage's deployment is served, each method with its own way in.

The order of refusals is AWS's: path and method, signature, API key, rates, then the integration.
"""

import logging
from dataclasses import dataclass, field
from typing import Any

from awsprov.local.apigateway import access_log, deployments, keys, mock, proxy_v1
from awsprov.local.apigateway.access_log import Facts
from awsprov.local.apigateway.integration import Integration, NoAnswerError, TimedOutError
from awsprov.local.apigateway.keys import Key
from awsprov.local.apigateway.messages import RefusedRequestError, Request, Response
from awsprov.local.apigateway.proxy_v1 import MalformedReplyError
from awsprov.local.apigateway.routes import Match, Paths
from awsprov.local.apigateway.signatures import SignatureError, SignedRequest, verify
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.cloud import ACCOUNT, Cloud

_log = logging.getLogger(__name__)
_TIMEOUT = 29_000  # milliseconds
_REMEMBERED = 200  # deployments


@dataclass
class Call:
    """One request on its way through one method of one stage."""

    backend: Any
    api: Any
    stage: Any
    snapshot: dict[str, Any]
    request: Request
    path: str  # below the stage, percent-encoded
    facts: Facts
    match: Match = field(default_factory=lambda: Match("", {}))
    method: dict[str, Any] = field(default_factory=dict)
    key: Key | None = None

    @property
    def source(self) -> str:
        """The ARN of the method, by which a function's policy knows it; a variable of the path is a `*` there."""
        below = "/".join("*" if part.startswith("{") else part for part in self.match.path.strip("/").split("/"))
        region = self.backend.region_name
        return f"arn:aws:execute-api:{region}:{ACCOUNT}:{self.api.id}/{self.stage.name}/{self.request.method}/{below}"


class Rest:
    """All REST APIs of one cloud."""

    def __init__(self, cloud: Cloud, throttle: Throttle) -> None:
        self._cloud = cloud
        self._throttle = throttle
        self._paths: dict[str, Paths] = {}

    def serve(self, backend: Any, api_id: str, rest: str, request: Request) -> Response:
        """Answer a request for `rest`, the path below the API: a stage, then the API's own path."""
        call = _find(backend, api_id, rest, request)
        response = self._answer(call)
        response.headers += [("x-amzn-RequestId", request.id), ("x-amz-apigw-id", request.extended_id)]
        settings = call.stage.access_log_settings
        access_log.write(self._cloud, backend.region_name, settings, request, response, call.facts)
        return response

    def _answer(self, call: Call) -> Response:
        try:
            self._choose(call)
            self._admit(call)
            return _integrate(call)
        except RefusedRequestError as refused:
            return refused.response()

    def _choose(self, call: Call) -> None:
        """Find the method: that of the most specific path, where there is one for the request or for ANY."""
        key = f"{call.api.id}/{call.stage.deployment_id}"
        match = self._paths_of(key, call.snapshot).match(call.path)
        methods = call.snapshot["methods"].get(match.path, {}) if match else {}
        method = methods.get(call.request.method) or methods.get("ANY")
        if match is None or method is None:
            raise RefusedRequestError(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
        call.match, call.method, call.facts.resource = match, method, match.path

    def _paths_of(self, key: str, snapshot: dict[str, Any]) -> Paths:
        if key not in self._paths:
            if len(self._paths) >= _REMEMBERED:
                self._paths.clear()
            self._paths[key] = Paths(snapshot["methods"])
        return self._paths[key]

    def _admit(self, call: Call) -> None:
        if call.request.too_long:
            raise RefusedRequestError(413, "Request Too Long", "RequestEntityTooLargeException")
        authorization = call.method["authorizationType"] or "NONE"
        if authorization == "AWS_IAM":
            call.facts.signer = _signer(call)
        elif authorization != "NONE":
            _log.warning("the local cloud has no authorizer of type %s; it refuses the request", authorization)
            raise RefusedRequestError(401, "Unauthorized", "UnauthorizedException")
        if str(call.method["apiKeyRequired"]).lower() == "true":
            call.key = keys.find(call.backend, call.api.id, call.stage.name, call.request)
            call.facts.key_id = call.key.id
            keys.admit(self._throttle, call.key, f"{call.match.path}/{call.request.method}")
        self._limit(call)

    def _limit(self, call: Call) -> None:
        """The stage's rates: those of the method where it has its own, else those of all methods."""
        path = call.match.path.replace("/", "~1")
        for setting in (f"{path}/{call.request.method}", f"{path}/*", "*/*"):
            limits = call.stage.method_settings.get(setting)
            if limits is None:
                continue
            key = ("stage", call.api.id, call.stage.name, setting)
            if not self._throttle.allow(key, limits.get("throttlingRateLimit"), limits.get("throttlingBurstLimit")):
                raise RefusedRequestError(429, "Too Many Requests", "TooManyRequestsException")
            return


def _find(backend: Any, api_id: str, rest: str, request: Request) -> Call:
    """The stage and what is deployed to it."""
    api = backend.apis[api_id]
    name, _, below = rest.partition("/")
    stage = api.stages.get(name)
    deployment = api.deployments.get(stage.deployment_id) if stage else None
    if deployment is None:
        raise RefusedRequestError(403, "Forbidden", "ForbiddenException")
    snapshot = getattr(deployment, "snapshot", None) or deployments.snapshot(api)
    facts = Facts(api_id, name, path=f"/{rest}")
    return Call(backend, api, stage, snapshot, request, f"/{below}", facts)


def _signer(call: Call) -> str:
    request = call.request
    try:
        signed = SignedRequest(request.method, request.path, request.query, request.lower, request.body)
        return verify(signed, call.backend.region_name).access_key
    except SignatureError as error:
        raise RefusedRequestError(403, error.message, error.error_type) from error


def _integrate(call: Call) -> Response:
    integration = call.method.get("methodIntegration") or {}
    kind = integration.get("type")
    if kind == "MOCK":
        return mock.answer(call.request, call.method, integration)
    if kind != "AWS_PROXY":
        _log.warning("the local cloud has no integration of type %s", kind)
        raise _internal()
    timeout = int(integration.get("timeoutInMillis") or _TIMEOUT) / 1000
    function = Integration(integration["uri"], (call.source,), timeout, call.stage.variables)
    try:
        answer = function.invoke(_event(call), call.facts)
        if answer.error:
            raise MalformedReplyError("the function failed")
        return proxy_v1.reply(answer.payload, call.request.headers.get("Accept", ""), call.snapshot["binary"])
    except TimedOutError as error:
        raise RefusedRequestError(504, "Endpoint request timed out", "GatewayTimeoutException") from error
    except NoAnswerError as error:
        _log.warning("API %s: %s", call.api.id, error)
        call.facts.integration_error = str(error)
        raise _internal() from error
    except MalformedReplyError as error:
        _log.info("API %s: %s", call.api.id, error)
        call.facts.integration_error = str(error)
        raise RefusedRequestError(502, "Internal server error", "InternalServerErrorException") from error


def _event(call: Call) -> dict[str, Any]:
    request = call.request
    key = (call.key.id, call.key.value) if call.key else None
    context = {
        "resourceId": call.snapshot["resources"].get(call.match.path, ""),
        "path": f"/{call.stage.name}{call.path}",
        "stage": call.stage.name,
        "domainPrefix": call.api.id,
        "domainName": f"{call.api.id}.execute-api.{call.backend.region_name}.amazonaws.com",
        "deploymentId": call.stage.deployment_id,
        "apiId": call.api.id,
        "identity": proxy_v1.identity(request, signer=call.facts.signer, key=key),
        "stageVariables": call.stage.variables,
    }
    return proxy_v1.event(request, call.match, call.path, context, call.snapshot["binary"])


def _internal() -> RefusedRequestError:
    return RefusedRequestError(500, "Internal server error", "InternalServerErrorException")
