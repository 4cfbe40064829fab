"""Verification of AWS Signature Version 4: of calls of the control plane, and of requests to APIs.

A request with a wrong key, date, region, service, header, query or body is refused, as on AWS. botocore's signer builds
the canonical request and the signature to compare with.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

SERVICE = "execute-api"
S3 = "s3"  # its canonical requests differ: paths as they are, and the hash of the body as the client sends it
ALGORITHM = "AWS4-HMAC-SHA256"
_MAX_SKEW = timedelta(minutes=5)
_HASH = "x-amz-content-sha256"
_UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-")  # what S3's clients may send in place of the hash of the body
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class SignatureError(Exception):
    """A missing, malformed or wrong signature: API Gateway's error type and message."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type, self.message = error_type, message


@dataclass(frozen=True)
class SignedRequest:
    """The parts of a request that a signature covers.

    Arguments:
        path: as sent, percent-encoded.
        query: as sent.
        headers: by lower-case name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Caller:
    """The owner of the key that signed a request."""

    access_key: str
    session_token: str = ""


def verify(
    request: SignedRequest,
    region: str,
    secret_of: Callable[[str], str | None],
    *,
    service: str = SERVICE,
    time: datetime | None = None,
) -> Caller:
    """Verify the signature of a request and return the caller.

    Arguments:
        request: the request.
        region: of the API.
        secret_of: returns the secret of an access key; None for a key that does not exist.
        service: with whose name the request must be signed.
        time: the current time, if not that of the clock.

    Raises:
        SignatureError: the request has no valid signature.
    """
    authorization = request.headers.get("authorization", "")
    if not authorization:
        raise SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token")
    parameters = _parameters(authorization, request.headers)
    access_key, day = _check_credential(parameters["Credential"], region, service)
    signed_headers = parameters["SignedHeaders"].split(";")
    _check_headers(signed_headers, request.headers)
    date = _date(request.headers)
    _check_date(date, day, time or datetime.now(UTC))
    secret = secret_of(access_key)
    if secret is None:
        raise SignatureError("UnrecognizedClientException", "The security token included in the request is invalid.")
    headers = {name: request.headers.get(name, "") for name in signed_headers}
    kind = _S3Signer if service == S3 else _Signer
    signer = kind(Credentials(access_key, secret), service, region, headers)
    _check_signature(request, signer, date, parameters["Signature"])
    return Caller(access_key, request.headers.get("x-amz-security-token", ""))


class _Signer(SigV4Auth):
    """Signs the headers that the client signed; botocore's own signer may choose others."""

    def __init__(self, credentials: Credentials, service: str, region: str, headers: Mapping[str, str]) -> None:
        super().__init__(credentials, service, region)
        self._headers = HTTPHeaders()
        for name, value in headers.items():
            self._headers[name] = value

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        """Return the headers that the client signed."""
        return self._headers


class _S3Signer(_Signer):
    def _normalize_url_path(self, path: str) -> str:
        return path


def _check_signature(request: SignedRequest, signer: _Signer, date: datetime, signature: str) -> None:
    """Compare with the signature of the same request. The error shows what should have been signed, as on AWS.

    The request for the signer has no headers, so that it hashes the body: the hash that a client sends in
    `x-amz-content-sha256` could be that of another body.
    """
    pairs = [part.partition("=")[::2] for part in request.query.split("&") if part]
    query: Any = [(unquote(name), unquote(value)) for name, value in pairs]  # the stubs allow mappings only
    signed = AWSRequest(request.method, f"http://localhost{request.path}", data=request.body, params=query)
    signed.context["timestamp"] = date.strftime(SIGV4_TIMESTAMP)
    if isinstance(signer, _S3Signer):
        signed.headers["X-Amz-Content-SHA256"] = _content_hash(request)
    canonical = signer.canonical_request(signed)
    string_to_sign = signer.string_to_sign(signed, canonical)
    if not hmac.compare_digest(signer.signature(string_to_sign, signed).encode(), signature.encode()):
        raise SignatureError(
            "InvalidSignatureException",
            f"{_MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'"
            f"\n\nThe String-to-Sign should have been\n'{string_to_sign}'\n",
        )


def _content_hash(request: SignedRequest) -> str:
    """Return the hash of the body as the client sends it; the one of the body if that is another one."""
    sent, own = request.headers.get(_HASH, ""), hashlib.sha256(request.body).hexdigest()
    return sent if sent.startswith(_UNHASHED) else own


def _parameters(authorization: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return `Credential`, `SignedHeaders` and `Signature` of an Authorization header."""
    algorithm, _, rest = authorization.partition(" ")
    parameters = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    problems = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parameters.get(name)
    ]
    if not (headers.get("x-amz-date") or headers.get("date")):
        problems.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if algorithm != ALGORITHM or problems:
        digest = hashlib.sha256(authorization.encode()).hexdigest()
        message = f"{' '.join(problems)} (Hashed with SHA-256 and encoded with Hex) Authorization={digest}"
        raise SignatureError("IncompleteSignatureException", message.strip())
    return parameters


def _check_credential(credential: str, region: str, service: str) -> tuple[str, str]:
    """Check the scope of a credential; return its access key and its day."""
    access_key, *scope = credential.split("/")
    if len(scope) != 4:  # noqa: PLR2004 - day, region, service, aws4_request
        message = (
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
        raise SignatureError("IncompleteSignatureException", message)
    day, scope_region, scope_service, terminator = scope
    problems = []
    if scope_region != region:
        problems.append(f"Credential should be scoped to a valid region, not '{scope_region}'. ")
    if scope_service != service:
        problems.append(f"Credential should be scoped to correct service: '{service}'. ")
    if terminator != "aws4_request":
        problems.append(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'. ")
    if problems:
        raise SignatureError("InvalidSignatureException", "".join(problems))
    return access_key, day


def _check_headers(signed_headers: list[str], headers: Mapping[str, str]) -> None:
    """Check that the host and all `x-amz-` headers, such as the session token, are signed."""
    if "host" not in signed_headers:
        message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise SignatureError("InvalidSignatureException", message)
    for name in headers:
        if name.startswith("x-amz-") and name not in signed_headers:
            message = f"'{name}' must be a 'SignedHeader' in the AWS Authorization."
            raise SignatureError("InvalidSignatureException", message)


def _date(headers: Mapping[str, str]) -> datetime:
    text = headers.get("x-amz-date") or headers["date"]
    try:
        return datetime.strptime(text, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        message = f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        raise SignatureError("IncompleteSignatureException", message) from None


def _check_date(date: datetime, day: str, time: datetime) -> None:
    stamp, now = date.strftime(SIGV4_TIMESTAMP), time.strftime(SIGV4_TIMESTAMP)
    if day != stamp[:8]:
        message = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{stamp[:8]}', from '{stamp}'."
        )
        raise SignatureError("InvalidSignatureException", message)
    earliest, latest = time - _MAX_SKEW, time + _MAX_SKEW
    if date < earliest:
        message = f"Signature expired: {stamp} is now earlier than {earliest:{SIGV4_TIMESTAMP}} ({now} - 5 min.)"
        raise SignatureError("InvalidSignatureException", message)
    if date > latest:
        message = f"Signature not yet current: {stamp} is still later than {latest:{SIGV4_TIMESTAMP}} ({now} + 5 min.)"
        raise SignatureError("InvalidSignatureException", message)
