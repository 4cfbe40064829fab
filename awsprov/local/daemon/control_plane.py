"""The control plane: it parses and counts each API call, applies AWS's behaviour, and has moto respond under one lock.

Invocations of functions do not take the lock: they last as long as the user's code.
"""

import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from awsprov.local import moto_caches
from awsprov.local.behaviour import Behaviour, service_models
from awsprov.local.cloud import Cloud
from awsprov.local.daemon.faults import Fault, Faults, cut
from awsprov.local.daemon.persistence import Snapshot
from awsprov.local.iam import access_keys
from awsprov.local.lambda_ import egress
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError, error_response, parse_call, send_response

if TYPE_CHECKING:
    from awsprov.local.iam.authorizer import Authorizer

_INVOCATION = re.compile(r"/20\d\d-\d\d-\d\d/functions/[^/]+/(invoke-async/?|(response-streaming-)?invocations)$")
_CALLS = 100_000  # that are recorded, for tests that count them
_NOT_IMPLEMENTED = 501  # SDKs retry 500, but not 501
# Services of which moto has only empty responses.
_NOT_SERVED = {"bedrock-runtime": "it has no models. The permissions of the call were evaluated."}
_OK = ("200", "201", "202", "204")

log = logging.getLogger(__name__)


class ControlPlane:
    """The WSGI application for AWS's APIs, except `execute-api`.

    Arguments:
        cloud: that it belongs to.
        behaviour: AWS's behaviour that moto lacks.
        snapshot: saved after each call that changes something.
        faults: injected into calls.
    """

    def __init__(self, cloud: Cloud, behaviour: Behaviour, snapshot: Snapshot, faults: Faults) -> None:
        self.cloud, self.behaviour, self.snapshot, self.faults = cloud, behaviour, snapshot, faults
        self.calls: deque[str] = deque(maxlen=_CALLS)
        self.spans: deque[tuple[str, float, float]] = deque(
            maxlen=_CALLS
        )  # operation, start and end in seconds of the monotonic clock
        moto_caches.install()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one call of the control plane."""
        environ["RAW_URI"] = environ["REQUEST_URI"]  # moto reads percent-encoded paths from there
        call = parse_call(environ)
        self.calls.append(call.name)
        started = time.monotonic()
        try:
            return self._respond(call, environ, start_response)
        finally:
            self.spans.append((call.name, started, time.monotonic()))

    def clear_calls(self) -> None:
        """Forget the calls that were recorded."""
        self.calls.clear()
        self.spans.clear()

    def _respond(self, call: ApiCall, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not egress.answers(access_keys.key_id_of(environ), call.service, call.region):
            cut(environ)
            return send_response("503 Cut", [], b"", start_response)
        fault = self.faults.match(call, environ.get("HTTP_USER_AGENT", ""))
        response = self._response(fault, call, environ)
        if response is None or (fault and fault.after(environ)):
            return send_response("503 Cut", [], b"", start_response)
        status, headers, body = response
        if fault and fault.kind == "truncate":
            start_response(status, [*headers, ("Content-Length", str(len(body)))])
            return _half(body, environ)
        return send_response(status, headers, body, start_response)

    def _response(self, fault: Fault | None, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse | None:
        """Return the response, which may be an error; None if a fault has cut the connection before the call."""
        try:
            cut_off = fault is not None and fault.before(call, environ)
            return None if cut_off else self._forward(call, environ)
        except ServiceError as error:
            return error_response(call.service, error)
        except NotImplementedError:
            return error_response(call.service, _not_implemented(call))
        except Exception as error:
            log.exception("%s failed", call.name)
            message = f"{call.name} failed in the local cloud, see cloud.log: {error!r}"
            return error_response(call.service, ServiceError("InternalFailure", message, _NOT_IMPLEMENTED))

    def _forward(self, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse:
        service_models.check(call)
        if _INVOCATION.match(environ["PATH_INFO"]):
            with self.cloud.lock:
                self._authorize(call, environ)
            return self._call_moto(call, environ)
        with self.behaviour.api_writes.one_at_a_time(call), self.cloud.lock:
            self.behaviour.advance()
            self._authorize(call, environ)
            early_response = self.behaviour.before(call)
            if early_response is not None:
                return early_response
            with self.behaviour.consistency.conflicts_visible(call):
                response = self._call_moto(call, environ)
            if response[0][:3] in _OK and not call.reads:
                self.behaviour.after(call, response)
                self.snapshot.touch()
            return response

    @property
    def authorizer(self) -> "Authorizer":
        """What evaluates the calls."""
        return _authorizer(self.cloud)

    def _authorize(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        self.authorizer.check(call, environ)
        if call.service in _NOT_SERVED:
            message = f"{call.name} is not served by the local cloud: {_NOT_SERVED[call.service]}"
            raise ServiceError("NotImplemented", message, _NOT_IMPLEMENTED)

    def _call_moto(self, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse:
        body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        if status.startswith(("404", "405")) and headers.get("Content-Type", "").startswith("text/html"):
            raise _not_implemented(call)
        unique: dict[str, tuple[str, str]] = {}
        for name, value in headers.items():  # moto adds a second request id after a function's own
            unique.setdefault(name.lower(), (name, value))
        if environ["REQUEST_METHOD"] != "HEAD":
            unique.pop("content-length", None)
        return status, list(unique.values()), b"".join(body)


def _authorizer(cloud: Cloud) -> "Authorizer":
    from awsprov.local.iam.authorizer import authorizer_of  # it reads AWS's large table of actions

    return authorizer_of(cloud)


def _half(body: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    cut(environ)


def _not_implemented(call: ApiCall) -> ServiceError:
    return ServiceError(
        "NotImplemented", f"{call.name or 'This call'} is not implemented by the local cloud.", _NOT_IMPLEMENTED
    )
