"""HTTP APIs (API Gateway v2)."""

from typing import Any

from awsprov.local.gateway.messages import RefusedRequestError, Request, Response
from awsprov.local.gateway.throttle import Throttle


class Http:
    """All HTTP APIs of one cloud."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle

    def serve(self, backend: Any, api_id: str, rest: str, request: Request) -> Response:
        raise RefusedRequestError(404, "Not Found")
