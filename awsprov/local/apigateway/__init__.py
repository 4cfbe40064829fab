"""The HTTP front of API Gateway: serves REST and HTTP APIs at `/_aws/execute-api/<api id>/<stage>/<path>`.

It reads moto's objects without moto's lock, because a function may call the local cloud while it serves a request.
Errors are those of AWS.
"""

import logging
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2.models import apigatewayv2_backends

from awsprov.local.apigateway.http import HttpApis
from awsprov.local.apigateway.messages import GatewayError, Request, Response
from awsprov.local.apigateway.rest import RestApis
from awsprov.local.apigateway.throttle import Throttle
from awsprov.local.cloud import EXECUTE_API_PATH, Cloud, account_backends

_WITHOUT_BODY = {204, 304}

_log = logging.getLogger(__name__)


class Front:
    """Serves the APIs of a local cloud."""

    def __init__(self, cloud: Cloud) -> None:
        throttle = Throttle()
        self._rest_apis, self._http_apis = RestApis(cloud, throttle), HttpApis(cloud, throttle)

    async def serve(self, request: Request) -> Response:
        """Return the response to a request."""
        response = await self._respond(request)
        if response.status in _WITHOUT_BODY:
            response.body = b""
        response.headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        return response

    async def _respond(self, request: Request) -> Response:
        api_id, _, rest = request.path.removeprefix(EXECUTE_API_PATH).partition("/")
        try:
            if backend := _backend_with(apigateway_backends, api_id):
                return await self._rest_apis.serve(backend, api_id, rest, request)
            if backend := _backend_with(apigatewayv2_backends, api_id):
                return await self._http_apis.serve(backend, api_id, rest, request)
            raise GatewayError(403, "Forbidden", "ForbiddenException")
        except GatewayError as error:
            error.headers.setdefault("x-amzn-RequestId", request.id)
            return error.response()
        except Exception:
            _log.exception("the HTTP front failed at %s %s", request.method, request.path)
            return GatewayError(500, "Internal server error", "InternalServerErrorException").response()


def _backend_with(backends: Any, api_id: str) -> Any:
    """Return the backend of the region that has the API, or None."""
    return next((backend for backend in list(account_backends(backends).values()) if api_id in backend.apis), None)
