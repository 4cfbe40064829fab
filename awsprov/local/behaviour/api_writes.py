"""API Gateway changes one API at a time: a change that overlaps another one of the same API is refused."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from awsprov.local.behaviour.states import API_CHANGE
from awsprov.local.cloud import Cloud
from awsprov.local.wire import ApiCall, ServiceError

_SERVICES = {"apigateway": "restApiId", "apigatewayv2": "ApiId"}  # with the parameter that names the API
_MESSAGE = "Unable to complete operation due to concurrent modification. Please try again later."


class ApiWrites:
    """The APIs that are being changed.

    Arguments:
        cloud: the local cloud, whose pace scales how long a change lasts.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._changing: set[str] = set()

    @contextmanager
    def one_at_a_time(self, call: ApiCall) -> Iterator[None]:
        """Return a context for the call. It must begin when the request arrives, and end before the response is sent.

        Raises:
            ServiceError: another change of the API is not complete.
        """
        api = "" if call.reads else str(call.params.get(_SERVICES.get(call.service, ""), ""))
        if not api:
            yield
            return
        with self._lock:
            if api in self._changing:
                raise ServiceError("ConflictException", _MESSAGE, 409)
            self._changing.add(api)
        try:
            time.sleep(API_CHANGE.seconds * self._cloud.pace)
            yield
        finally:
            self._changing.discard(api)
