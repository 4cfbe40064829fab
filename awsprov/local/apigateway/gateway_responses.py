"""Gateway responses: the status, headers and body of errors that API Gateway itself answers.

The types and their fallbacks are those of the API Gateway developer guide, "Gateway response types for API Gateway".
"""

from collections.abc import Mapping
from typing import Any

from awsprov.local.apigateway.custom_integration import response_headers
from awsprov.local.apigateway.messages import GatewayError, Request, Response

# By status and error type; `""` is for all other types of the status.
_TYPES = {
    (400, ""): "BAD_REQUEST_BODY",
    (401, ""): "UNAUTHORIZED",
    (403, "MissingAuthenticationTokenException"): "MISSING_AUTHENTICATION_TOKEN",
    (403, "ForbiddenException"): "INVALID_API_KEY",
    (403, "InvalidSignatureException"): "INVALID_SIGNATURE",
    (403, ""): "ACCESS_DENIED",
    (413, ""): "REQUEST_TOO_LARGE",
    (415, ""): "UNSUPPORTED_MEDIA_TYPE",
    (429, "LimitExceededException"): "QUOTA_EXCEEDED",
    (429, ""): "THROTTLED",
    (500, ""): "API_CONFIGURATION_ERROR",
    (502, ""): "INTEGRATION_FAILURE",
    (504, ""): "INTEGRATION_TIMEOUT",
}
_SERVER_ERROR = 500
_WITHOUT_FALLBACK = {"REQUEST_TOO_LARGE"}


def respond(error: GatewayError, request: Request, configured: Mapping[str, Mapping[str, Any]]) -> Response:
    """Return the response for an error, with the headers and the status that the API configures.

    Arguments:
        configured: the gateway responses of the API, by type.
    """
    response = error.response()
    chosen = _chosen(error, configured)
    if chosen.get("statusCode"):
        response.status = int(chosen["statusCode"])
    headers = response_headers(chosen.get("responseParameters") or {}, request)
    response.headers += list(headers.items())
    return response


def _chosen(error: GatewayError, configured: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    kind = _TYPES.get((error.status, error.error_type)) or _TYPES.get((error.status, ""), "")
    if kind in configured:
        return configured[kind]
    default = "DEFAULT_5XX" if error.status >= _SERVER_ERROR else "DEFAULT_4XX"
    return {} if kind in _WITHOUT_FALLBACK else configured.get(default, {})
