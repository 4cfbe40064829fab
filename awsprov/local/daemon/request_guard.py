"""Who may speak to the cloud at all: not a web page, not another name for this address, and nobody unsigned.

The keys are not a secret (any pair is taken), but a signature cannot be made by a form or a link in a browser.
"""

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from awsprov.local.cloud import EXECUTE_API_PATH, INSTANCES_PATH
from awsprov.local.wire import ServiceError, error_response, parse_call, send_response

_NAMES = ("127.0.0.1", "localhost", "[::1]")


def guard(port: int, application: WSGIApplication) -> WSGIApplication:
    """Refuse with 403 whatever must not come in."""
    hosts = {f"{name}:{port}" for name in _NAMES}

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reason = _objection(environ, hosts)
        if reason:
            return send_response(
                *error_response(parse_call(environ).service, ServiceError("AccessDeniedException", reason, 403)),
                start_response,
            )
        return application(environ, start_response)

    return guarded


def _objection(environ: WSGIEnvironment, hosts: set[str]) -> str:
    path = environ["PATH_INFO"]
    if environ.get("HTTP_HOST") not in hosts:
        return "This is a cloud of this machine only; call it by 127.0.0.1 and its port."
    if _foreign(environ, hosts):
        return "Pages of other origins may not call this cloud."
    if path.startswith("/moto-api"):
        return "moto's own API is closed here."
    if not path.startswith((EXECUTE_API_PATH, INSTANCES_PATH)) and not _signed(environ):
        return "Missing Authentication Token: the request is not signed (AWS4-HMAC-SHA256)."
    return ""


def _foreign(environ: WSGIEnvironment, hosts: set[str]) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    if environ["PATH_INFO"].startswith(EXECUTE_API_PATH):
        return False  # an API's own CORS settings decide there, as on AWS
    if origin is not None and urlsplit(origin).netloc not in hosts:
        return True
    return environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin")


def _signed(environ: WSGIEnvironment) -> bool:
    if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-HMAC-SHA256 "):
        return True
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return "X-Amz-Signature" in query or ("Signature" in query and "AWSAccessKeyId" in query)  # S3 still presigns so
