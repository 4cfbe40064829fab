"""The proxy event of REST APIs (payload format 1.0), and the response of a function to it."""

import base64
import binascii
import json
import re
from typing import Any

from awsprov.local.apigateway.callers import ApiCaller
from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.routes import PathMatch
from awsprov.local.cloud import ACCOUNT

_HOP_BY_HOP = {"Connection", "Content-Length", "Expect", "Keep-Alive", "Te", "Transfer-Encoding", "Upgrade"}
HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
FINAL_STATUSES = range(200, 600)
_NO_CALLER: dict[str, Any] = {
    "cognitoIdentityPoolId": None,
    "cognitoIdentityId": None,
    "cognitoAuthenticationType": None,
    "cognitoAuthenticationProvider": None,
    "principalOrgId": None,
    "accountId": None,
    "caller": None,
    "accessKey": None,
    "userArn": None,
    "user": None,
}
_FIELDS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


class MalformedResponseError(Exception):
    """The response of the function does not have the format that API Gateway requires."""


def build_event(
    request: Request, match: PathMatch, path: str, context: dict[str, Any], binary_types: list[str]
) -> dict[str, Any]:
    """Return the event for a request.

    Arguments:
        path: the path below the stage.
        context: the `requestContext` as far as it depends on the API, and the `stageVariables`.
        binary_types: the binary media types of the API.
    """
    headers = forwarded_headers(request, context["domainName"])
    body, encoded = encode_body(request, binary_types)
    parameters = request.query_parameters
    return {
        "resource": match.path,
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: request.multi_headers.get(name, [value]) for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": match.variables or None,
        "stageVariables": context.pop("stageVariables", None) or None,
        "requestContext": {
            **context,
            "resourcePath": match.path,
            "httpMethod": request.method,
            "extendedRequestId": request.extended_id,
            "requestTime": request.formatted_time,
            "requestTimeEpoch": int(request.time * 1000),
            "requestId": request.id,
            "accountId": ACCOUNT,
            "protocol": request.protocol,
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def identity(
    request: Request, *, caller: ApiCaller | None = None, api_key: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return `requestContext.identity`.

    Arguments:
        caller: whose key signed the request.
        api_key: the id and the value of the API key of the request.
    """
    values = {**_NO_CALLER, "sourceIp": request.source_ip, "userAgent": request.headers.get("User-Agent")}
    if caller:
        values |= {"accessKey": caller.access_key, "accountId": ACCOUNT, "userArn": caller.arn}
        values |= {"caller": caller.user_id, "user": caller.user_id}
    if api_key:
        values |= {"apiKeyId": api_key[0], "apiKey": api_key[1]}
    return values


def forwarded_headers(request: Request, domain: str) -> dict[str, str]:
    """Return the headers for the function, with those that API Gateway adds."""
    trace = f"Root=1-{int(request.time):08x}-{request.id.replace('-', '')[:24]}"
    forwarded = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
    added = {"X-Forwarded-For": request.source_ip, "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}
    return {"Host": domain, **forwarded, **added, "X-Amzn-Trace-Id": trace}


def encode_body(request: Request, binary_types: list[str]) -> tuple[str | None, bool]:
    """Return the body, and whether it is in base64, as bodies with a binary media type are."""
    if not request.body:
        return None, False
    if has_binary_body(request, binary_types):
        return base64.b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def has_binary_body(request: Request, binary_types: list[str]) -> bool:
    """Return whether the media type of a request is binary."""
    media_type = request.headers.get("Content-Type", "application/json").partition(";")[0].strip().lower()
    return is_binary(media_type, binary_types)


def is_binary(media_type: str, binary_types: list[str]) -> bool:
    """Return whether a media type is binary; the binary types may be `*/*` and `image/*`."""
    return any(
        each in {"*/*", media_type} or (each.endswith("/*") and media_type.startswith(each[:-1]))
        for each in binary_types
    )


def parse_response(payload: bytes, accept: str, binary_types: list[str]) -> Response:
    """Return the HTTP response for the response of a function.

    Arguments:
        accept: the `Accept` header of the request. Base64 is decoded only if it asks for a binary media type.

    Raises:
        MalformedResponseError: the payload does not have the format that API Gateway requires.
    """
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise MalformedResponseError("Malformed Lambda proxy response: not JSON") from error
    if not isinstance(document, dict) or not set(document) <= _FIELDS:
        raise MalformedResponseError("Malformed Lambda proxy response: not an object of the known fields")
    body = document.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResponseError("Malformed Lambda proxy response: the body is not a string")
    try:
        status = response_status(document.get("statusCode") or 200)
        headers = response_headers(document)
        content = (body or "").encode()
        accepted = accept.partition(",")[0].partition(";")[0].strip()
        if document.get("isBase64Encoded") and is_binary(accepted, binary_types):
            content = base64.b64decode(body or "", validate=True)
    except (TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedResponseError(f"Malformed Lambda proxy response: {error}") from error
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Response(status, headers, content)


def response_headers(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the headers of a function's response. A multi-value header overrides a single one of the same name."""
    multiple = {
        _header_name(name): [header_value(value) for value in values]
        for name, values in (document.get("multiValueHeaders") or {}).items()
    }
    overridden = {name.lower() for name in multiple}
    single = {
        _header_name(name): [header_value(value)]
        for name, value in (document.get("headers") or {}).items()
        if name.lower() not in overridden
    }
    return [(name, value) for name, values in {**single, **multiple}.items() for value in values]


def response_status(value: Any) -> int:
    """Return the status code of a function's response.

    Raises:
        ValueError: it is not a status code of a final response.
    """
    status = int(value)
    if status not in FINAL_STATUSES:
        raise ValueError(f"the status code is {status}")
    return status


def _header_name(name: str) -> str:
    if not HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a valid header name")
    return name


def header_value(value: Any) -> str:
    """Return a header value as API Gateway writes it, without line breaks.

    Raises:
        ValueError: the value is not a string, a number or a boolean.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise ValueError(f"a header value is of type {type(value).__name__}")
    line = str(value).replace("\r", " ").replace("\n", " ")
    return line.encode().decode("latin-1")  # headers are sent in Latin-1
