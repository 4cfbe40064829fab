"""Checks who signed a call of the control plane: the root user, an IAM user or a session of a role."""

import functools
import re
from wsgiref.types import WSGIEnvironment

from awsprov.local.cloud import Cloud
from awsprov.local.daemon import presigned_urls
from awsprov.local.iam import access_keys
from awsprov.local.iam.signatures import SignatureError, SignedRequest, verify
from awsprov.local.wire import ServiceError, read_body, signed_service

_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request,"
)
_S3 = "s3"
_PRESIGNED = (_S3, "ec2-instance-connect")
# The services of AWS's query protocol that have other error codes (IAM's API reference, common errors).
_QUERY = ("iam", "sts", "cloudformation", "elasticloadbalancing", "autoscaling", "monitoring", "sns", "rds")
_QUERY_CODES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
    "ExpiredTokenException": "ExpiredToken",
}
_S3_CODES = {
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "ExpiredTokenException": "ExpiredToken",
}


def check_key(environ: WSGIEnvironment, cloud: Cloud) -> None:
    """Check the access key of a call, and the session token of temporary credentials, before its body is read.

    Raises:
        ServiceError: the call is not signed, the key does not exist, or the session token is wrong or has expired.
    """
    access_key = _presigned_key(environ)
    if "HTTP_AUTHORIZATION" in environ:
        credential = _credential(environ)
        access_key = credential["key"] if credential else ""
    if not access_key:
        message = "Missing Authentication Token: the request is not signed (AWS4-HMAC-SHA256)."
        raise ServiceError("AccessDeniedException", message, 403)
    if cloud.any_key:
        return
    if refused := access_keys.refusal(cloud, access_key, access_keys.token_of(environ)):
        raise _error(environ, *refused)


def check_root(environ: WSGIEnvironment, cloud: Cloud) -> None:
    """Check that the root user signed a request, for the cloud's own API.

    Raises:
        ServiceError: somebody else did.
    """
    if not cloud.any_key and cloud.root_secret(access_keys.key_id_of(environ)) is None:
        message = "Only the key pair of the local account, which `awsprov local env` prints, may call this API."
        raise ServiceError("AccessDeniedException", message, 403)


def check_signature(environ: WSGIEnvironment, cloud: Cloud) -> None:
    """Verify the signature of a call, whose key was checked.

    Raises:
        ServiceError: it is wrong or expired.
    """
    if cloud.any_key:
        return
    secret_of = functools.partial(access_keys.secret_of, cloud)
    path, _, query = environ["REQUEST_URI"].partition("?")
    credential = _credential(environ)
    if credential is None:
        secret = secret_of(access_keys.key_id_of(environ)) or ""
        presigned_urls.check(environ["REQUEST_METHOD"], environ["REQUEST_URI"], _headers(environ), secret)
        return
    request = SignedRequest(environ["REQUEST_METHOD"], path, query, _headers(environ), read_body(environ))
    try:
        verify(request, credential["region"], secret_of, service=credential["service"])
    except SignatureError as error:
        raise _error(environ, error.error_type, error.message) from error


def _credential(environ: WSGIEnvironment) -> "re.Match[str] | None":
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    return _CREDENTIAL.match(authorization) if authorization.count("Credential=") == 1 else None


def _presigned_key(environ: WSGIEnvironment) -> str:
    """Return the access key of a presigned URL, of signature version 4 or 2; empty if the service has none."""
    is_version_4 = "X-Amz-Signature=" in environ.get("QUERY_STRING", "")
    return "" if is_version_4 and signed_service(environ) not in _PRESIGNED else access_keys.key_id_of(environ)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return headers | {
        name.replace("_", "-").lower(): environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in environ
    }


def _error(environ: WSGIEnvironment, code: str, message: str) -> ServiceError:
    service = signed_service(environ)
    if service == "ec2":
        return ServiceError("AuthFailure", message, 401)
    codes = _QUERY_CODES if service in _QUERY else _S3_CODES if service == _S3 else {}
    return ServiceError(codes.get(code, code), message, 403)
