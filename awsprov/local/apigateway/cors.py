"""The CORS configuration of an HTTP API: preflights are answered here, and headers of the function are overruled."""

from typing import Any

from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.wildcards import matches

_OURS = "access-control-"


def preflight(configuration: dict[str, Any] | None, request: Request) -> Response | None:
    """The answer to a preflight, when the API has a configuration; no route and no function is asked."""
    wanted = request.lower.get("access-control-request-method")
    if not configuration or request.method != "OPTIONS" or not wanted:
        return None
    headers = _origin(configuration, request)
    if headers:
        lists = (("allow-methods", "allowMethods"), ("allow-headers", "allowHeaders"))
        for header, field in lists:
            if configuration.get(field):
                headers.append((f"{_OURS}{header}", ",".join(configuration[field])))
        if configuration.get("maxAge") is not None:
            headers.append((f"{_OURS}max-age", str(configuration["maxAge"])))
    return Response(204, headers, b"")


def apply(configuration: dict[str, Any] | None, request: Request, response: Response) -> None:
    """Put the API's CORS headers in the place of the function's."""
    if not configuration:
        return
    headers = [(name, value) for name, value in response.headers if not name.lower().startswith(_OURS)]
    ours = _origin(configuration, request)
    if ours and configuration.get("exposeHeaders"):
        ours.append((f"{_OURS}expose-headers", ",".join(configuration["exposeHeaders"])))
    response.headers = headers + ours


def _origin(configuration: dict[str, Any], request: Request) -> list[tuple[str, str]]:
    """The headers that allow the request's origin; none when it is not allowed."""
    origin = request.lower.get("origin")
    allowed = configuration.get("allowOrigins") or []
    if not origin or not any(matches(pattern, origin, ignore_case=True) for pattern in allowed):
        return []
    headers = [(f"{_OURS}allow-origin", "*" if "*" in allowed else origin)]
    if "*" not in allowed:
        headers.append(("vary", "origin"))
    if configuration.get("allowCredentials"):
        headers.append((f"{_OURS}allow-credentials", "true"))
    return headers
