"""MOCK integrations: an answer made of templates, without a backend. Their common use is the answer to a preflight.

Of the template language only what such answers are made of is understood: plain text, `$context.…`, `$input` with
`params('name')`, and comments.
"""

import json
import re
from typing import Any

from awsprov.local.apigateway.messages import RefusedRequestError, Request, Response

_PARAMETER = re.compile(r"""\$input\.params\(\s*['"]([^'"]+)['"]\s*\)""")
_CONTEXT = re.compile(r"\$\{?context\.([\w.]+)\}?")
_COMMENT = re.compile(r"##[^\n]*\n?")


def answer(request: Request, method: dict[str, Any], integration: dict[str, Any]) -> Response:
    """The response that the templates describe."""
    status = _status(request, integration.get("requestTemplates") or {})
    chosen = _chosen(status, integration.get("integrationResponses") or {})
    declared = (method.get("methodResponses") or {}).get(str(chosen["statusCode"]))
    if declared is None:
        raise _invalid()
    template = _template(chosen.get("responseTemplates") or {}, "application/json")
    body = _render(template or "", request)
    headers = _headers(chosen.get("responseParameters") or {}, declared.get("responseParameters") or {}, request)
    return Response(int(chosen["statusCode"]), [("Content-Type", "application/json"), *headers], body.encode())


def _status(request: Request, templates: dict[str, str]) -> str:
    """The status code that the request template chooses the response by."""
    kind = request.lower.get("content-type", "application/json").partition(";")[0].strip()
    template = _template(templates, kind)
    try:
        return str(json.loads(_render(template or "", request))["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid() from error


def _template(templates: dict[str, str], kind: str) -> str | None:
    return templates.get(kind) or templates.get("application/json")


def _chosen(status: str, responses: dict[str, Any]) -> dict[str, Any]:
    default: dict[str, Any] | None = None
    for response in responses.values():
        pattern = response.get("selectionPattern")
        if not pattern:
            default = default or response
        elif re.fullmatch(pattern, status):
            return dict(response)
    if default is None:
        raise _invalid()
    return default


def _headers(given: dict[str, str], declared: dict[str, Any], request: Request) -> list[tuple[str, str]]:
    headers = []
    for target, value in given.items():
        name = target.removeprefix("method.response.header.")
        if name == target or target not in declared:
            continue  # AWS refuses such a mapping when it is made
        if value.startswith("'") and value.endswith("'"):
            headers.append((name, value[1:-1]))
        elif value.startswith("method.request.header."):
            headers.append((name, request.lower.get(value.rpartition(".")[2].lower(), "")))
    return headers


def _render(template: str, request: Request) -> str:
    known = {"requestId": request.id, "httpMethod": request.method, "identity.sourceIp": request.source_ip}
    text = _COMMENT.sub("", template)
    text = _PARAMETER.sub(lambda found: _parameter(found[1], request), text)
    return _CONTEXT.sub(lambda found: known.get(found[1], ""), text)


def _parameter(name: str, request: Request) -> str:
    return (request.parameters.get(name) or [request.lower.get(name.lower(), "")])[-1]


def _invalid() -> RefusedRequestError:
    return RefusedRequestError(500, "Internal server error", "InternalServerErrorException")
