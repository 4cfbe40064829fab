"""The event of HTTP APIs (payload format 2.0), and the response of a function to it."""

import base64
import binascii
import json
from typing import Any

from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.proxy_v1 import (
    MalformedResponseError,
    forwarded_headers,
    header_value,
    response_headers,
    response_status,
)
from awsprov.local.cloud import ACCOUNT

_TEXT = ("text/", "application/json", "application/javascript", "application/xml", "application/vnd.api+json")


def build_event(
    request: Request, path: str, route: str, variables: dict[str, str], context: dict[str, Any]
) -> dict[str, Any]:
    """Return the event for a request, without fields that have no value.

    Arguments:
        path: the path, with the stage unless it is `$default`.
        route: the route key.
        variables: the values of the path's variables.
        context: the `requestContext` as far as it depends on the API, and the `stageVariables`.
    """
    forwarded = forwarded_headers(request, context["domainName"])
    headers = {name.lower(): ",".join(request.multi_headers.get(name, [value])) for name, value in forwarded.items()}
    headers.pop("cookie", None)
    sent = ";".join(request.multi_headers.get("Cookie", []))
    cookies = [cookie.strip() for cookie in sent.split(";") if cookie.strip()]
    body, encoded = _encode_body(request)
    optional = {
        "cookies": cookies,
        "queryStringParameters": {name: ",".join(values) for name, values in request.query_parameters.items()},
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
        "requestContext": {**context, **_request_context(request, path, route)},
        "isBase64Encoded": encoded,
    }


def _request_context(request: Request, path: str, route: str) -> dict[str, Any]:
    return {
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
        "time": request.formatted_time,
        "timeEpoch": int(request.time * 1000),
    }


def _encode_body(request: Request) -> tuple[str, bool]:
    """Return the body, and whether it is in base64, as all bodies except text are, including forms."""
    media_type = request.lower_headers.get("content-type", "text/plain").strip().lower()
    if media_type.startswith(_TEXT) or not request.body:
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True


def parse_response(payload: bytes) -> Response:
    """Return the HTTP response for the response of a function. A response without a status code is the body itself.

    Raises:
        MalformedResponseError: the payload does not have the format that API Gateway requires.
    """
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise MalformedResponseError("the response of the function is not JSON") from error
    if not isinstance(document, dict) or "statusCode" not in document:
        content = document.encode() if isinstance(document, str) else payload
        return Response(200, [("content-type", "application/json")], content)
    body = document.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResponseError("the body of the function's response is not a string")
    try:
        status = response_status(document["statusCode"])
        headers = [(name.lower(), value) for name, value in response_headers({"headers": document.get("headers")})]
        headers += [("set-cookie", header_value(cookie)) for cookie in document.get("cookies") or []]
        content = (
            base64.b64decode(body or "", validate=True) if document.get("isBase64Encoded") else (body or "").encode()
        )
    except (TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedResponseError(f"the response of the function is malformed: {error}") from error
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    return Response(status, headers, content)
