"""Which requests the cloud accepts: not those of web pages, not those with a foreign Host, and only signed ones.

The keys are no secret (every key pair is accepted), but a form or a link in a browser cannot sign a request.
"""

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from awsprov.local.cloud import EXECUTE_API_PATH, INSTANCES_PATH
from awsprov.local.wire import ServiceError, error_response, parse_call, send_response

_NAMES = ("127.0.0.1", "localhost", "[::1]")


def guard(port: int, application: WSGIApplication) -> WSGIApplication:
    """Return an application that responds with 403 to requests that are not accepted.

    Arguments:
        port: of the cloud, which must be in the Host header.
        application: for the requests that are accepted.
    """
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
        return "The local cloud accepts requests for 127.0.0.1 and its port only."
    if _foreign(environ, hosts):
        return "The local cloud does not accept requests from pages of other origins."
    if path.startswith("/moto-api"):
        return "moto's own API is disabled."
    if not path.startswith((EXECUTE_API_PATH, INSTANCES_PATH)) and not _signed(environ):
        return "Missing Authentication Token: the request is not signed (AWS4-HMAC-SHA256)."
    return ""


def _foreign(environ: WSGIEnvironment, hosts: set[str]) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    if environ["PATH_INFO"].startswith(EXECUTE_API_PATH):
        return False  # the API's own CORS settings apply, as on AWS
    if origin is not None and urlsplit(origin).netloc not in hosts:
        return True
    return environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin")


def _signed(environ: WSGIEnvironment) -> bool:
    if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-HMAC-SHA256 "):
        return True
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return "X-Amz-Signature" in query or (
        "Signature" in query and "AWSAccessKeyId" in query
    )  # a presigned URL of S3, signature version 2
