"""Verification of presigned URLs of S3, of signature version 4 and 2, and of EC2 Instance Connect endpoints.

Source: Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", and Amazon S3 user guide,
"Signature Version 2". botocore presigns with version 2 by default.
"""

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import EMPTY_SHA256_HASH, SIGV4_TIMESTAMP, HmacV1Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from awsprov.local.wire import ServiceError

S3 = "s3"
_SIGNATURES = ("X-Amz-Signature", "Signature")


def check(method: str, url: str, headers: Mapping[str, str], secret: str) -> None:
    """Check the signature of a presigned URL, and that it has not expired.

    Arguments:
        method: of the request.
        url: path and query, as sent.
        headers: by lower-case name.
        secret: of the access key in the URL.

    Raises:
        ServiceError: the signature is wrong, or the URL has expired.
    """
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    try:
        version_4 = "X-Amz-Signature" in query
        expires = _expiry(query) if version_4 else float(query["Expires"])
        sign = _signature_4 if version_4 else _signature_2
        signature = sign(method, url, headers, query, secret)
    except (KeyError, ValueError) as error:
        raise ServiceError("AuthorizationQueryParametersError", f"The presigned URL is incomplete: {error}") from error
    given = next(query[name] for name in _SIGNATURES if name in query)
    if not hmac.compare_digest(signature.encode(), given.encode()):
        message = "The request signature we calculated does not match the signature you provided."
        raise ServiceError("SignatureDoesNotMatch", message, 403)
    if expires < time.time():
        raise ServiceError("AccessDenied", "Request has expired", 403)


def _expiry(query: Mapping[str, str]) -> float:
    signed = datetime.strptime(query["X-Amz-Date"], SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    return signed.timestamp() + float(query["X-Amz-Expires"])


def _signature_4(method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], secret: str) -> str:
    access_key, _, region, service, _ = query["X-Amz-Credential"].split("/")
    signer = _QueryAuth(Credentials(access_key, secret), service, region, query["X-Amz-SignedHeaders"], headers)
    pairs: Any = [
        (unquote(name), unquote(value))
        for name, _, value in (part.partition("=") for part in urlsplit(url).query.split("&"))
        if name != "X-Amz-Signature"
    ]
    request = AWSRequest(method, f"http://localhost{url.partition('?')[0]}", params=pairs)
    request.context["timestamp"] = query["X-Amz-Date"]
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


def _signature_2(method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str], secret: str) -> str:
    sent: Any = HTTPHeaders()  # where types-boto3 has a mapping
    for name, value in {**headers, **query}.items():
        if name.lower().startswith("x-amz-") or name in ("content-type", "content-md5"):
            sent[name] = value
    signer = _Version2Auth(Credentials(query["AWSAccessKeyId"], secret), query["Expires"])
    return str(signer.get_signature(method, urlsplit(f"http://localhost{url}"), sent))


class _Version2Auth(HmacV1Auth):
    """Signs the time at which the URL expires in place of the date."""

    def __init__(self, credentials: Credentials, expires: str) -> None:
        super().__init__(credentials)
        self._expires = expires

    def _get_date(self) -> str:
        return self._expires


class _QueryAuth(S3SigV4QueryAuth):
    """Signs the headers that the URL names."""

    def __init__(
        self, credentials: Credentials, service: str, region: str, names: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(credentials, service, region)
        self._service = service
        self._headers = HTTPHeaders()
        for name in names.split(";"):
            self._headers[name] = headers.get(name, "")

    def payload(self, request: AWSRequest) -> str:
        """Return the hash of the body: there is none, and S3 signs a constant."""
        return str(super().payload(request)) if self._service == S3 else EMPTY_SHA256_HASH

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        """Return the headers that the client signed."""
        return self._headers
