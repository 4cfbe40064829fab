"""The event of HTTP APIs (payload format 2.0), and the reply that a function gives to it."""

import base64
import binascii
import json
from typing import Any

from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.proxy_v1 import MalformedReplyError, forwarded, headers_of, status_of, text
from awsprov.local.cloud import ACCOUNT

_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/vnd.api+json")


def event(
    request: Request, path: str, route: str, variables: dict[str, str], context: dict[str, Any]
) -> dict[str, Any]:
    """The event for a request; fields without a value are left out, as AWS leaves them out."""
    headers = {name.lower(): value for name, value in forwarded(request, context["domainName"]).items()}
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    body, encoded = _body(request)
    optional = {
        "cookies": cookies,
        "queryStringParameters": {name: ",".join(values) for name, values in request.parameters.items()},
        "pathParameters": variables,
        "stageVariables": context.pop("stageVariables", None),
        "body": body,
    }
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        **{name: value for name, value in optional.items() if value},
        "requestContext": {
            **context,
            "accountId": ACCOUNT,
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": request.extended_id,
            "routeKey": route,
            "time": request.written_time,
            "timeEpoch": int(request.time * 1000),
        },
        "isBase64Encoded": encoded,
    }


def _body(request: Request) -> tuple[str, bool]:
    """HTTP APIs pass text types as text and all else, forms included, in base64."""
    kind = request.lower.get("content-type", "text/plain").strip().lower()
    if kind.startswith(_TEXT) or not request.body:
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True


def reply(payload: bytes) -> Response:
    """The response that a reply asks for; one without a status code is itself the body."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise MalformedReplyError("the function's reply is not JSON") from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        whole = answer.encode() if isinstance(answer, str) else payload
        return Response(200, [("content-type", "application/json")], whole)
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedReplyError("the body of the function's reply is not a string")
    try:
        status = status_of(answer["statusCode"])
        headers = [(name.lower(), value) for name, value in headers_of({"headers": answer.get("headers")})]
        headers += [("set-cookie", text(cookie)) for cookie in answer.get("cookies") or []]
        content = (
            base64.b64decode(body or "", validate=True) if answer.get("isBase64Encoded") else (body or "").encode()
        )
    except (TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedReplyError(f"the function's reply is malformed: {error}") from error
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return Response(status, headers, content)
