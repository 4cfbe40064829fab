"""MOCK integrations: responses from templates, without a backend. Most of them answer preflight requests.

Templates may contain text, comments, `$context.…` and `$input.params('name')`. The rest of the template language is not
supported.
"""

import json
import re
from typing import Any

from awsprov.local.apigateway.messages import GatewayError, Request, Response

_PARAMETER = re.compile(r"""\$input\.params\(\s*['"]([^'"]+)['"]\s*\)""")
_CONTEXT = re.compile(r"\$\{?context\.([\w.]+)\}?")
_COMMENT = re.compile(r"##[^\n]*\n?")


def respond(request: Request, method: dict[str, Any], integration: dict[str, Any]) -> Response:
    """Return the response of a MOCK integration.

    Raises:
        GatewayError: no response is configured for the status code.
    """
    status = _status(request, integration.get("requestTemplates") or {})
    response = _select_response(status, integration.get("integrationResponses") or {})
    declared = (method.get("methodResponses") or {}).get(str(response["statusCode"]))
    if declared is None:
        raise _configuration_error()
    template = _template(response.get("responseTemplates") or {}, "application/json")
    body = _render(template or "", request)
    headers = _headers(response.get("responseParameters") or {}, declared.get("responseParameters") or {}, request)
    return Response(int(response["statusCode"]), [("Content-Type", "application/json"), *headers], body.encode())


def _status(request: Request, templates: dict[str, str]) -> str:
    """Return the status code that the request template contains."""
    media_type = request.lower_headers.get("content-type", "application/json").partition(";")[0].strip()
    template = _template(templates, media_type)
    try:
        return str(json.loads(_render(template or "", request))["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise _configuration_error() from error


def _template(templates: dict[str, str], media_type: str) -> str | None:
    return templates.get(media_type) or templates.get("application/json")


def _select_response(status: str, responses: dict[str, Any]) -> dict[str, Any]:
    default: dict[str, Any] | None = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
        elif re.fullmatch(pattern, status):
            return dict(response)
    if default is None:
        raise _configuration_error()
    return default


def _headers(mappings: dict[str, str], declared: dict[str, Any], request: Request) -> list[tuple[str, str]]:
    headers = []
    for target, value in mappings.items():
        name = target.removeprefix("method.response.header.")
        if name == target or target not in declared:
            continue  # AWS rejects such a mapping when it is created
        if value.startswith("'") and value.endswith("'"):
            headers.append((name, value[1:-1]))
        elif value.startswith("method.request.header."):
            headers.append((name, request.lower_headers.get(value.rpartition(".")[2].lower(), "")))
    return headers


def _render(template: str, request: Request) -> str:
    context = {"requestId": request.id, "httpMethod": request.method, "identity.sourceIp": request.source_ip}
    text = _COMMENT.sub("", template)
    text = _PARAMETER.sub(lambda found: _parameter(found[1], request), text)
    return _CONTEXT.sub(lambda found: context.get(found[1], ""), text)


def _parameter(name: str, request: Request) -> str:
    return (request.query_parameters.get(name) or [request.lower_headers.get(name.lower(), "")])[-1]


def _configuration_error() -> GatewayError:
    return GatewayError(500, "Internal server error", "InternalServerErrorException")
