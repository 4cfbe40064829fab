"""The CORS configuration of an HTTP API: answers preflight requests and replaces the CORS headers of functions."""

from typing import Any

from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.wildcards import matches

_PREFIX = "access-control-"


def preflight_response(configuration: dict[str, Any] | None, request: Request) -> Response | None:
    """Return the response to a preflight request, or None if the request is not one or the API has no configuration."""
    method = request.lower_headers.get("access-control-request-method")
    if not configuration or request.method != "OPTIONS" or not method:
        return None
    headers = _origin_headers(configuration, request)
    if headers:
        for header, field in (("allow-methods", "allowMethods"), ("allow-headers", "allowHeaders")):
            if configuration.get(field):
                headers.append((f"{_PREFIX}{header}", ",".join(configuration[field])))
        if configuration.get("maxAge") is not None:
            headers.append((f"{_PREFIX}max-age", str(configuration["maxAge"])))
    return Response(204, headers, b"")


def replace_headers(configuration: dict[str, Any] | None, request: Request, response: Response) -> None:
    """Replace the CORS headers of a response by those of the API, if the API has a configuration."""
    if not configuration:
        return
    others = [(name, value) for name, value in response.headers if not name.lower().startswith(_PREFIX)]
    headers = _origin_headers(configuration, request)
    if headers and configuration.get("exposeHeaders"):
        headers.append((f"{_PREFIX}expose-headers", ",".join(configuration["exposeHeaders"])))
    response.headers = others + headers


def _origin_headers(configuration: dict[str, Any], request: Request) -> list[tuple[str, str]]:
    """Return the headers that allow the origin of the request; none if it is not allowed."""
    origin = request.lower_headers.get("origin")
    allowed = configuration.get("allowOrigins") or []
    if not origin or not any(matches(pattern, origin, ignore_case=True) for pattern in allowed):
        return []
    headers = [(f"{_PREFIX}allow-origin", "*" if "*" in allowed else origin)]
    if "*" not in allowed:
        headers.append(("vary", "origin"))
    if configuration.get("allowCredentials"):
        headers.append((f"{_PREFIX}allow-credentials", "true"))
    return headers
