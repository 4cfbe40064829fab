"""The control plane: each call decoded, counted, held to the behaviour of AWS, and answered by moto under one lock.

Invocations of functions go round the lock: they last as long as the user's code does.
"""

import functools
import logging
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from moto import backends
from moto.core import responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from awsprov.local.behaviour import Behaviour
from awsprov.local.cloud import Cloud
from awsprov.local.daemon.faults import Fault, Faults, cut
from awsprov.local.daemon.persistence import Snapshot
from awsprov.local.wire import ApiCall, ApiResponse, ServiceError, error_response, parse_call, send_response

if TYPE_CHECKING:
    from awsprov.local.iam.authorizer import Authorizer

_INVOCATION = re.compile(r"/20\d\d-\d\d-\d\d/functions/[^/]+/(invoke-async/?|(response-streaming-)?invocations)$")
_REMEMBERED = 100_000  # calls, for the sweeps that count them
_NOT_IMPLEMENTED = 501  # unlike 500, no SDK repeats it
_OK = ("200", "201", "202", "204")

# Moto works these out at each call, a sixth of all that a call takes: its own folders, and the methods of a class.
_FOLDERS = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: _FOLDERS
responses.method_names_from_class = functools.cache(responses.method_names_from_class)

log = logging.getLogger(__name__)


class Control:
    """The WSGI application that answers as AWS does."""

    def __init__(self, cloud: Cloud, behaviour: Behaviour, snapshot: Snapshot, faults: Faults) -> None:
        self.cloud, self.behaviour, self.snapshot, self.faults = cloud, behaviour, snapshot, faults
        self.calls: deque[str] = deque(maxlen=_REMEMBERED)
        self.spans: deque[tuple[str, float, float]] = deque(maxlen=_REMEMBERED)  # what was called, from when to when
        self.authorization = _authorization() if cloud.enforce_iam else None
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        environ["RAW_URI"] = environ["REQUEST_URI"]  # moto looks there for what is percent-encoded in a path
        call = parse_call(environ)
        self.calls.append(call.name)
        began = time.monotonic()
        try:
            return self._answered(call, environ, start_response)
        finally:
            self.spans.append((call.name, began, time.monotonic()))

    def forget(self) -> None:
        """Count calls from nought again."""
        self.calls.clear()
        self.spans.clear()

    def _answered(self, call: ApiCall, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        fault = self.faults.draw(call)
        said = self._said(fault, call, environ)
        if said is None or (fault and fault.after(environ)):
            return send_response("503 Cut", [], b"", start_response)
        status, headers, body = said
        if fault and fault.kind == "truncate":
            start_response(status, [*headers, ("Content-Length", str(len(body)))])
            return _half(body, environ)
        return send_response(status, headers, body, start_response)

    def _said(self, fault: Fault | None, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse | None:
        """The answer, a refusal like any other; none when the connection is cut before the call is forwarded."""
        try:
            cut_off = fault is not None and fault.before(call, environ)
            return None if cut_off else self._forward(call, environ)
        except ServiceError as refused:
            return error_response(call.service, refused)
        except NotImplementedError:
            return error_response(call.service, _not_implemented(call))
        except Exception as crash:
            log.exception("failed at %s", call.name)
            failure = ServiceError(
                "InternalFailure", f"The local cloud failed at {call.name}: {crash!r}", _NOT_IMPLEMENTED
            )
            return error_response(call.service, failure)

    def _forward(self, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse:
        if _INVOCATION.match(environ["PATH_INFO"]):
            self._authorize(call, environ)
            return self._ask_moto(call, environ)
        with self.cloud.lock:
            self.behaviour.advance()
            self._authorize(call, environ)
            kept = self.behaviour.before(call)
            if kept is not None:
                return kept
            with self.behaviour.consistency.conflicts_visible(call):
                given = self._ask_moto(call, environ)
            if given[0][:3] in _OK and not call.reads:
                self.behaviour.after(call, given)
                self.snapshot.touch()
            return given

    def _authorize(self, call: ApiCall, environ: WSGIEnvironment) -> None:
        if self.authorization:
            self.authorization.check(call, environ)

    def _ask_moto(self, call: ApiCall, environ: WSGIEnvironment) -> ApiResponse:
        body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        if status.startswith(("404", "405")) and headers.get("Content-Type", "").startswith("text/html"):
            raise _not_implemented(call)
        kept: dict[str, tuple[str, str]] = {}
        for name, value in headers.items():  # after a function's own request id moto puts one of its making
            kept.setdefault(name.lower(), (name, value))
        kept.pop("content-length", None)
        return status, list(kept.values()), b"".join(body)


def _authorization() -> "Authorizer":
    from awsprov.local.iam.authorizer import Authorizer  # noqa: PLC0415 - AWS's table of actions takes a while to read

    return Authorizer()


def _half(body: bytes, environ: WSGIEnvironment) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    cut(environ)


def _not_implemented(call: ApiCall) -> ServiceError:
    what = call.name or "this"
    return ServiceError("NotImplemented", f"{what} is not implemented by the local cloud.", _NOT_IMPLEMENTED)
