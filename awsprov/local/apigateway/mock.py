"""MOCK integrations: responses from templates, without a backend. Most of them answer preflight requests."""

import json
from typing import Any

from awsprov.local.apigateway.custom_integration import configuration_error, map_response, select_response
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.templates import TemplateError, TemplateScope


def respond(request: Request, method: dict[str, Any], scope: TemplateScope) -> Response:
    """Return the response of a MOCK integration.

    Raises:
        GatewayError: no response is configured for the status code.
    """
    integration = method["methodIntegration"]
    status = _status(request, integration.get("requestTemplates") or {}, scope)
    response = select_response(status, integration.get("integrationResponses") or {})
    scope.body = ""
    return map_response(request, method, response, scope)


def _status(request: Request, templates: dict[str, str], scope: TemplateScope) -> str:
    """Return the status code that the request template contains."""
    media_type = request.lower_headers.get("content-type", "application/json").partition(";")[0].strip()
    template = templates.get(media_type) or templates.get("application/json") or ""
    try:
        return str(json.loads(scope.render(template))["statusCode"])
    except (TemplateError, ValueError, KeyError, TypeError) as error:
        raise configuration_error() from error
