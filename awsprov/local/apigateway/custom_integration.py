"""Lambda custom integrations (type AWS): mapping templates make the event, and the HTTP response from the result.

A response is chosen by its selection pattern, a regular expression of Java that must match the whole `errorMessage` of
the function's error; without an error it is the one without a pattern.
"""

import json
import logging
from typing import Any

import regex

from awsprov.local.apigateway.access_log import LogContext
from awsprov.local.apigateway.integration import IntegrationError, IntegrationTimeoutError, LambdaIntegration
from awsprov.local.apigateway.messages import GatewayError, Request, Response
from awsprov.local.apigateway.templates import TemplateError, TemplateScope

_log = logging.getLogger(__name__)
_JSON = "application/json"
_JAVA = regex.V1 | regex.WORD  # scoped inline flags; `.` matches no line terminator of Unicode, as in Java


async def respond(
    request: Request,
    method: dict[str, Any],
    function: LambdaIntegration,
    scope: TemplateScope,
    log_context: LogContext,
) -> Response:
    """Return the response of a Lambda custom integration.

    Raises:
        GatewayError: API Gateway itself answers: the request is refused, the function cannot be invoked, or no
            response is configured for its result.
    """
    integration = method["methodIntegration"]
    event = _event(request, integration, scope)
    try:
        payload = (await function.invoke(event, log_context)).payload
    except IntegrationTimeoutError as error:
        raise GatewayError(504, "Endpoint request timed out", "GatewayTimeoutException") from error
    except IntegrationError as error:
        _log.warning("%s", error)
        log_context.integration_error = str(error)
        raise configuration_error() from error
    text = payload.decode(errors="replace")
    response = select_response(_error_message(text), integration.get("integrationResponses") or {})
    scope.body = text
    return map_response(request, method, response, scope)


def _event(request: Request, integration: dict[str, Any], scope: TemplateScope) -> Any:
    """Return the event: the body of the request, or what the template for its media type makes.

    Raises:
        GatewayError: no template is for its media type, or the event is not JSON.
    """
    templates = integration.get("requestTemplates") or {}
    template = _request_template(request, templates, integration.get("passthroughBehavior") or "WHEN_NO_MATCH")
    text = scope.body if template is None else _rendered(scope, template)
    try:
        return json.loads(text or "{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise GatewayError(400, message, "BadRequestException") from error


def _request_template(request: Request, templates: dict[str, str], passthrough: str) -> str | None:
    """Return the template for the media type of a request; None to pass its body through."""
    media_type = request.lower_headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    if media_type in templates:
        return templates[media_type]
    if passthrough == "NEVER" or (passthrough == "WHEN_NO_TEMPLATES" and templates):
        raise GatewayError(415, "Unsupported Media Type", "UnsupportedMediaTypeException")
    return None


def _error_message(text: str) -> str:
    """Return the `errorMessage` of a function's result, by which API Gateway recognizes an error."""
    try:
        result = json.loads(text)
    except ValueError:
        return ""
    message = result.get("errorMessage") if isinstance(result, dict) else None
    return message if isinstance(message, str) else ""


def select_response(value: str, responses: dict[str, Any]) -> dict[str, Any]:
    """Return the integration response for an error message or a status code; the default one if no pattern matches.

    Raises:
        GatewayError: there is no default response.
    """
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if pattern and _matches(pattern, value):
            return dict(response)
    for response in responses.values():
        if not response.get("selectionPattern"):
            return dict(response)
    raise configuration_error()


def _matches(pattern: str, value: str) -> bool:
    try:
        return regex.fullmatch(pattern, value, flags=_JAVA) is not None
    except regex.error as error:
        _log.warning("The local cloud cannot evaluate the pattern %r: %s", pattern, error)
        raise configuration_error() from error


def map_response(request: Request, method: dict[str, Any], response: dict[str, Any], scope: TemplateScope) -> Response:
    """Return the HTTP response that an integration response makes of the result in `scope.body`.

    Raises:
        GatewayError: the method does not declare the response, or its template cannot be evaluated.
    """
    declared = (method.get("methodResponses") or {}).get(str(response["statusCode"]))
    if declared is None:
        raise configuration_error()
    headers = response_headers(response.get("responseParameters") or {}, request)
    template = (response.get("responseTemplates") or {}).get(_JSON)
    scope.context["responseOverride"] = {"header": {}}
    body = scope.body if template is None else _rendered(scope, template)
    override = scope.context["responseOverride"]
    headers |= {str(name): str(value) for name, value in override["header"].items()}
    status = int(override.get("status") or response["statusCode"])
    return Response(status, [("Content-Type", _JSON), *headers.items()], body.encode())


def response_headers(mappings: dict[str, str], request: Request) -> dict[str, str]:
    """Return the headers of response parameters: constants, which are quoted, and headers of the request."""
    headers = {}
    for target, value in mappings.items():
        name = target.partition(".header.")[2]
        if value.startswith("'") and value.endswith("'"):
            headers[name] = value[1:-1]
        elif value.startswith("method.request.header."):
            headers[name] = request.lower_headers.get(value.rpartition(".")[2].lower(), "")
    return headers


def _rendered(scope: TemplateScope, template: str) -> str:
    try:
        return scope.render(template)
    except TemplateError as error:
        _log.warning("A mapping template cannot be evaluated: %s", error)
        raise configuration_error() from error


def configuration_error() -> GatewayError:
    """Return the error for an API that is not configured correctly."""
    return GatewayError(500, "Internal server error", "InternalServerErrorException")
