"""Which requests the control plane accepts.

Browsers must reach the front only: a page that a function answers, or any page of the internet, could otherwise call
the control plane. So the front has a port of its own, and everything that browsers send is refused outside of it.
"""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from awsprov.local.cloud import ADMIN_PATH, EXECUTE_API_PATH, INSTANCES_PATH, Cloud
from awsprov.local.daemon import call_signatures, request_body
from awsprov.local.daemon.request_body import RequestError
from awsprov.local.wire import ServiceError, error_response, send_response, signed_service

# Bytes of a body. A zip of 50 MB, the limit of Lambda, is 67 MB in base64.
CONTROL_LIMIT = 128 << 20

FOREIGN_HOST = "The local cloud accepts requests for 127.0.0.1 and its port only."
_NAMES = ("127.0.0.1", "localhost", "[::1]")


def guard(cloud: Cloud, application: WSGIApplication) -> WSGIApplication:
    """Return an application that refuses requests which the control plane does not accept.

    Arguments:
        cloud: whose port must be in the Host header, and whose keys must sign calls.
        application: for the requests that are accepted.
    """

    names = hosts(cloud.port)

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            request_body.check_head(environ)
            _check(environ, cloud, names)
        except RequestError as error:
            return _refuse(environ, ServiceError("BadRequestException", error.message, error.status), start_response)
        except ServiceError as error:
            return _refuse(environ, error, start_response)
        return application(environ, start_response)

    return guarded


def _check(environ: WSGIEnvironment, cloud: Cloud, names: frozenset[str]) -> None:
    _check_host(environ, names)
    _check_origin(environ)
    _check_path(environ["PATH_INFO"], cloud)
    if environ["PATH_INFO"].startswith(INSTANCES_PATH):  # each instance has a token
        request_body.read(environ, CONTROL_LIMIT)
    else:
        call_signatures.check_key(environ, cloud)
        if environ["PATH_INFO"].startswith(ADMIN_PATH):
            call_signatures.check_root(environ, cloud)
        request_body.read(environ, CONTROL_LIMIT)
        call_signatures.check_signature(environ, cloud)


def hosts(port: int) -> frozenset[str]:
    """Return the values that the Host header may have at a port of this machine."""
    return frozenset(f"{name}:{port}" for name in _NAMES)


def _check_host(environ: WSGIEnvironment, hosts: frozenset[str]) -> None:
    """Check that the name is this machine's: a page may have one that leads here (DNS rebinding)."""
    if environ.get("HTTP_HOST") not in hosts:
        raise _denied(FOREIGN_HOST)


def _check_origin(environ: WSGIEnvironment) -> None:
    if any(name in ("HTTP_ORIGIN", "HTTP_REFERER") or name.startswith("HTTP_SEC_FETCH_") for name in environ):
        raise _denied("The control plane of the local cloud does not accept requests of browsers.")


def _check_path(path: str, cloud: Cloud) -> None:
    if path.startswith("/moto-api"):
        raise _denied("moto's own API is disabled.")
    if path.startswith(EXECUTE_API_PATH):
        raise ServiceError("NotFoundException", f"APIs answer at {cloud.invoke_url('')}", 404)


def _denied(message: str) -> ServiceError:
    return ServiceError("AccessDeniedException", message, 403)


def _refuse(environ: WSGIEnvironment, error: ServiceError, start_response: StartResponse) -> Iterable[bytes]:
    request_body.drop(environ)
    return send_response(*error_response(signed_service(environ), error), start_response)
