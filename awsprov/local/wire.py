"""AWS's protocols: which API call a request makes, and errors in the format of the service."""

import functools
import io
import json
import random
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

ApiResponse = tuple[str, list[tuple[str, str]], bytes]  # HTTP status, headers, body

# Names with which requests are signed, if botocore has another name for the service.
_SIGNED_AS = {
    "elasticfilesystem": "efs",
    "tagging": "resourcegroupstaggingapi",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
}
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request")
_READS = re.compile(r"Describe|Get|List|Head|Search|Lookup|Filter|Scan|Query|Simulate")
_parsing = threading.Lock()


@dataclass(frozen=True)
class ApiCall:
    """One call of an AWS API. Service, operation and parameters have the names of the API reference.

    Arguments:
        malformed: whether the parameters could not be parsed.
    """

    service: str = ""
    operation: str = ""
    region: str = "us-east-1"
    params: dict[str, Any] = field(default_factory=dict)
    malformed: bool = False

    @property
    def name(self) -> str:
        """Service and operation, such as `ec2:CreateVpc`."""
        return f"{self.service}:{self.operation}" if self.operation else self.service

    @property
    def reads(self) -> bool:
        """Whether the operation changes nothing, according to its name."""
        return bool(_READS.match(self.operation))


class ServiceError(Exception):
    """An error response of AWS.

    Arguments:
        code: AWS's error code.
        message: AWS's message.
        status: of the HTTP response.
        members: further members of a JSON error.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the whole body, and keep it readable for the next application."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    chunked = environ.get("wsgi.input_terminated")
    body: bytes = stream.read(int(length)) if length else stream.read() if chunked else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def signed_service(environ: WSGIEnvironment) -> str:
    """Return the service that a request is signed for; empty for an unsigned one. The body is not read."""
    scope = _scope(environ)
    return _service(scope["service"], environ["PATH_INFO"]) if scope else ""


def parse_call(environ: WSGIEnvironment) -> ApiCall:
    """Return the API call that a request makes. What cannot be parsed is empty: moto responds to it."""
    scope = _scope(environ)
    if scope is None:
        return ApiCall()
    service = _service(scope["service"], environ["PATH_INFO"])
    body = read_body(environ)
    try:
        request = Request({**environ, "wsgi.input": io.BytesIO(body)})
        # One at a time: moto and botocore complete routers and service models when they are first used. A call that is
        # parsed by another thread at that moment would look like one of an unknown operation.
        with _parsing:
            operation, url_params = get_service_router(service).match(request)
    except Exception:  # an unknown service or operation: moto responds with an error
        return ApiCall(service, region=scope["region"])
    try:
        with _parsing:
            params = _params(operation, request, body, url_params)
    except Exception:  # moto's parsers raise various errors
        return ApiCall(service, operation.name, scope["region"], malformed=True)
    return ApiCall(service, operation.name, scope["region"], params)


def send_response(
    status: str, headers: list[tuple[str, str]], body: bytes, start_response: StartResponse
) -> list[bytes]:
    """Send a complete response. A length in the headers counts if there is no body, as in the response to HEAD."""
    other = [(name, value) for name, value in headers if name.lower() != "content-length"]
    given = "" if body else next((value for name, value in headers if name.lower() == "content-length"), "")
    start_response(status, [*other, ("Content-Length", given or str(len(body)))])
    return [body]


def json_response(document: Any) -> ApiResponse:
    """Return a successful response of a service whose protocol is JSON."""
    return "200 OK", [("Content-Type", "application/json")], json.dumps(document).encode()


def error_response(service: str, error: ServiceError) -> ApiResponse:
    """Return an error in the service's protocol, in which SDKs find code and message."""
    body, content_type = _error_body(_protocol(service), error)
    headers = [("Content-Type", content_type), ("x-amzn-errortype", error.code), ("x-amzn-requestid", request_id())]
    return f"{error.status} {error.code}", headers, body.encode()


def _scope(environ: WSGIEnvironment) -> "re.Match[str] | None":
    return _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(_presigned(environ))


def _presigned(environ: WSGIEnvironment) -> str:
    credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    return f"Credential={credential}"


def _service(signed_as: str, path: str) -> str:
    if signed_as == "apigateway" and path.startswith("/v2/"):
        return "apigatewayv2"
    if signed_as == "bedrock" and path.startswith("/model/"):
        return "bedrock-runtime"
    return _SIGNED_AS.get(signed_as, signed_as)


def _params(operation: Any, request: Request, body: bytes, url_params: Any) -> dict[str, Any]:
    protocol = determine_request_protocol(operation.service_model, request.content_type)
    parts: Any = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": body,
        "url_path": request.path,
        "url_params": url_params,
    }
    return PROTOCOL_PARSERS[protocol](operation).parse(parts) or {}


@functools.cache
def _protocol(service: str) -> str:
    try:
        return str(get_service_model(service).protocol)
    except Exception:  # a service that botocore does not know
        return "json"


def _error_body(protocol: str, error: ServiceError) -> tuple[str, str]:
    code, message = escape(error.code), escape(error.message)
    if protocol == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return f"<Response>{inner}<RequestID>{request_id()}</RequestID></Response>", "text/xml"
    if protocol == "query":
        inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        return f"<ErrorResponse>{inner}<RequestId>{request_id()}</RequestId></ErrorResponse>", "text/xml"
    if protocol == "rest-xml":
        return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", "application/xml"
    members = {"__type": error.code, "message": error.message, **error.members}
    return json.dumps(members), "application/json"


def request_id() -> str:
    """Return a new request ID. It is no secret: a random number of Python's own saves a system call per request."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
