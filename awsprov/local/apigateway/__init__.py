"""The HTTP front of API Gateway: `/_aws/execute-api/<api id>/<stage>/<path>`, for REST and HTTP APIs.

It reads moto's objects, runs outside moto's lock (a function may call the cloud while its own request is open here),
and answers as AWS does, its refusals included.
"""

import logging
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends

from awsprov.local.apigateway.http import Http
from awsprov.local.apigateway.messages import RefusedRequestError, Request, Response, read
from awsprov.local.apigateway.rest import Rest
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.cloud import Cloud, account_backends

PREFIX = "/_aws/execute-api/"

_BODYLESS = {204, 304}

_log = logging.getLogger(__name__)


def application(cloud: Cloud) -> WSGIApplication:
    """The WSGI application for everything below PREFIX."""
    return _Front(cloud)


class _Front:
    def __init__(self, cloud: Cloud) -> None:
        throttle = Throttle()
        self._rest, self._http = Rest(cloud, throttle), Http(cloud, throttle)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = read(environ)
        response = self._serve(request)
        if response.status in _BODYLESS:
            response.body = b""
        headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        start_response(response.line, [*headers, ("Content-Length", str(len(response.body)))])
        return [] if request.method == "HEAD" else [response.body]

    def _serve(self, request: Request) -> Response:
        api_id, _, rest = request.path.removeprefix(PREFIX).partition("/")
        try:
            for front, backends in ((self._rest, apigateway_backends), (self._http, apigatewayv2_backends)):
                if backend := _owner(backends, api_id):
                    return front.serve(backend, api_id, rest, request)
            raise RefusedRequestError(403, "Forbidden", "ForbiddenException")
        except RefusedRequestError as refused:
            refused.headers.setdefault("x-amzn-RequestId", request.id)
            return refused.response()
        except Exception:
            _log.exception("the HTTP front failed at %s %s", request.method, request.path)
            return RefusedRequestError(500, "Internal server error", "InternalServerErrorException").response()


def _owner(backends: Any, api_id: str) -> Any:
    """The region's backend that has this API."""
    return next((backend for backend in list(account_backends(backends).values()) if api_id in backend.apis), None)
