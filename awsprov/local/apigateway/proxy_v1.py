"""The proxy event of REST APIs (payload format 1.0), and the reply that a function gives to it."""

import base64
import binascii
import json
import re
from typing import Any

from awsprov.local.apigateway.messages import Request, Response
from awsprov.local.apigateway.routes import Match
from awsprov.local.cloud import ACCOUNT

_HOP_BY_HOP = {"Connection", "Content-Length", "Expect", "Keep-Alive", "Te", "Transfer-Encoding", "Upgrade"}
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_REPLY = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


class MalformedReplyError(Exception):
    """The function's reply has not the shape that the gateway asks for."""


def event(request: Request, match: Match, path: str, context: dict[str, Any], binary: list[str]) -> dict[str, Any]:
    """The event for a request; `path` is without the stage, `context` what the caller knows of the API."""
    headers = forwarded(request, context["domainName"])
    body, encoded = encode_body(request, binary)
    parameters = request.parameters
    return {
        "resource": match.path,
        "path": path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": match.variables or None,
        "stageVariables": context.pop("stageVariables", None) or None,
        "requestContext": {
            **context,
            "resourcePath": match.path,
            "httpMethod": request.method,
            "extendedRequestId": request.extended_id,
            "requestTime": request.written_time,
            "requestTimeEpoch": int(request.time * 1000),
            "requestId": request.id,
            "accountId": ACCOUNT,
            "protocol": request.protocol,
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def identity(request: Request, *, signer: str = "", key: tuple[str, str] | None = None) -> dict[str, Any]:
    """`requestContext.identity`: who called, by which key."""
    fields = (
        "cognitoIdentityPoolId",
        "cognitoIdentityId",
        "cognitoAuthenticationType",
        "cognitoAuthenticationProvider",
    )
    known: dict[str, Any] = dict.fromkeys(
        (*fields, "principalOrgId", "accountId", "caller", "accessKey", "userArn", "user")
    )
    known |= {"sourceIp": request.source_ip, "userAgent": request.headers.get("User-Agent")}
    if signer:
        arn = f"arn:aws:iam::{ACCOUNT}:root"
        known |= {"accessKey": signer, "accountId": ACCOUNT, "caller": ACCOUNT, "user": ACCOUNT, "userArn": arn}
    if key:
        known |= {"apiKeyId": key[0], "apiKey": key[1]}
    return known


def forwarded(request: Request, domain: str) -> dict[str, str]:
    """The headers as a function sees them, those added that the edge adds."""
    trace = f"Root=1-{int(request.time):08x}-{request.id.replace('-', '')[:24]}"
    passed = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
    ours = {"X-Forwarded-For": request.source_ip, "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"}
    return {"Host": domain, **passed, **ours, "X-Amzn-Trace-Id": trace}


def encode_body(request: Request, binary: list[str]) -> tuple[str | None, bool]:
    """The body as text, or in base64 when its type is one of the API's binary ones."""
    if not request.body:
        return None, False
    kind = request.lower.get("content-type", "application/json").partition(";")[0].strip().lower()
    if is_binary(kind, binary):
        return base64.b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def is_binary(kind: str, binary: list[str]) -> bool:
    """Whether a media type is among the binary ones, `*/*` and `image/*` included."""
    return any(each in {"*/*", kind} or (each.endswith("/*") and kind.startswith(each[:-1])) for each in binary)


def reply(payload: bytes, accept: str, binary: list[str]) -> Response:
    """The response that a function's reply asks for."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise MalformedReplyError("Malformed Lambda proxy response: not JSON") from error
    if not isinstance(answer, dict) or not set(answer) <= _REPLY:
        raise MalformedReplyError("Malformed Lambda proxy response: not an object of the known fields")
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedReplyError("Malformed Lambda proxy response: the body is not a string")
    try:
        status = status_of(answer.get("statusCode") or 200)
        headers = headers_of(answer)
        content = (body or "").encode()
        if answer.get("isBase64Encoded") and is_binary(accept.partition(",")[0].partition(";")[0].strip(), binary):
            content = base64.b64decode(body or "", validate=True)
    except (TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise MalformedReplyError(f"Malformed Lambda proxy response: {error}") from error
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Response(status, headers, content)


def headers_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The reply's headers, single and multi-value ones; the latter win where both name one."""
    many = {
        _name(name): [text(value) for value in values]
        for name, values in (answer.get("multiValueHeaders") or {}).items()
    }
    lower = {name.lower() for name in many}
    single = {
        _name(name): [text(value)] for name, value in (answer.get("headers") or {}).items() if name.lower() not in lower
    }
    return [(name, value) for name, values in {**single, **many}.items() for value in values]


def status_of(value: Any) -> int:
    """A status code that HTTP can carry as an answer."""
    status = int(value)
    if not 200 <= status <= 599:  # noqa: PLR2004
        raise ValueError(f"the status code is {status}")
    return status


def _name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    return name


def text(value: Any) -> str:
    """A header's value as the gateway writes it; no line break ever leaves here."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise ValueError(f"a header's value is {type(value).__name__}")
    line = str(value).replace("\r", " ").replace("\n", " ")
    return line.encode().decode("latin-1")  # as WSGI writes bytes
