"""Who may speak to the cloud at all: not a web page, not another name for this address, and nobody unsigned.

The keys are not a secret (any pair is taken), but a signature cannot be made by a form or a link in a browser.
"""

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from awsprov.local.wire import Application, Environ, Refused, StartResponse, answer, decode, refusal

FRONT = "/_aws/execute-api/"  # the HTTP front checks signatures and API keys by itself
MACHINES = "/_awsprov/machines/"  # asked by the machines' own commands, each with its machine's token
_NAMES = ("127.0.0.1", "localhost", "[::1]")


def guard(port: int, application: Application) -> Application:
    """Refuse with 403 whatever must not come in."""
    hosts = {f"{name}:{port}" for name in _NAMES}

    def guarded(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reason = _objection(environ, hosts)
        if reason:
            return answer(
                *refusal(decode(environ).service, Refused("AccessDeniedException", reason, 403)), start_response
            )
        return application(environ, start_response)

    return guarded


def _objection(environ: Environ, hosts: set[str]) -> str:
    path = environ["PATH_INFO"]
    if environ.get("HTTP_HOST") not in hosts:
        return "This is a cloud of this machine only; call it by 127.0.0.1 and its port."
    if _foreign(environ, hosts):
        return "Pages of other origins may not call this cloud."
    if path.startswith("/moto-api"):
        return "moto's own API is closed here."
    if not path.startswith((FRONT, MACHINES)) and not _signed(environ):
        return "Missing Authentication Token: the request is not signed (AWS4-HMAC-SHA256)."
    return ""


def _foreign(environ: Environ, hosts: set[str]) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    if environ["PATH_INFO"].startswith(FRONT):
        return False  # an API's own CORS settings decide there, as on AWS
    if origin is not None and urlsplit(origin).netloc not in hosts:
        return True
    return environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin")


def _signed(environ: Environ) -> bool:
    if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-HMAC-SHA256 "):
        return True
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return "X-Amz-Signature" in query or ("Signature" in query and "AWSAccessKeyId" in query)  # S3 still presigns so
