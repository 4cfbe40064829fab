"""AWS Signature Version 4, checked as API Gateway checks it, with its messages.

A request that would be refused on AWS (wrong key, clock, region, service, body or query) is refused here.
"""

import functools
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from awsprov.local.cloud import ACCESS_KEY, SECRET_KEY

SERVICE = "execute-api"
ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=5)
_BASIC = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class SignatureError(Exception):
    """The request is not signed as it must be: AWS's error type and message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


@dataclass(frozen=True)
class Signed:
    """The parts of a request that a signature covers.

    Arguments:
        path: as it was sent, percent-encoded.
        query: as it was sent.
        headers: by lower-case name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Caller:
    """Who signed."""

    access_key: str
    session_token: str = ""


def verify(request: Signed, region: str, moment: datetime | None = None) -> Caller:
    """Check the signature and say whose it is."""
    authorization = request.headers.get("authorization", "")
    if not authorization:
        raise SignatureError("MissingAuthenticationTokenException", "Missing Authentication Token")
    fields = _fields(authorization, request.headers)
    key, day, scope = _credential(fields["Credential"], region)
    signed = fields["SignedHeaders"].split(";")
    _check_headers(signed, request.headers)
    date = _date(request.headers)
    _check_date(date, day, moment or datetime.now(UTC))
    if key != ACCESS_KEY:
        raise SignatureError("UnrecognizedClientException", "The security token included in the request is invalid.")
    _check_signature(request, signed, date, scope, fields["Signature"])
    return Caller(key, request.headers.get("x-amz-security-token", ""))


def _check_signature(request: Signed, signed: list[str], date: datetime, scope: str, given: str) -> None:
    canonical = canonical_request(request, signed)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, date.strftime(_BASIC), scope, hashed])
    expected = hmac.new(_key(scope), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), given.encode()):
        shown = f"The Canonical String for this request should have been\n'{canonical}'"
        raise SignatureError(
            "InvalidSignatureException", f"{_MISMATCH}\n\n{shown}\n\nThe String-to-Sign should have been\n'{text}'\n"
        )


def canonical_request(request: Signed, signed: list[str]) -> str:
    """The text whose hash is signed."""
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    path = quote(_normal(request.path), safe="/~")  # encoded a second time, as every service but S3 does
    hashed = hashlib.sha256(request.body).hexdigest()
    return "\n".join([request.method, path, _query(request.query), headers, ";".join(signed), hashed])


def _fields(authorization: str, headers: Mapping[str, str]) -> dict[str, str]:
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    problems = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not fields.get(name)
    ]
    if not (headers.get("x-amz-date") or headers.get("date")):
        problems.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if algorithm != ALGORITHM or problems:
        digest = hashlib.sha256(authorization.encode()).hexdigest()
        message = f"{' '.join(problems)} (Hashed with SHA-256 and encoded with Hex) Authorization={digest}"
        raise SignatureError("IncompleteSignatureException", message.strip())
    return fields


def _credential(credential: str, region: str) -> tuple[str, str, str]:
    """The access key, the day and the scope of a credential, if the scope is ours."""
    key, _, scope = credential.partition("/")
    parts = scope.split("/")
    if len(parts) != 4:  # noqa: PLR2004 - day, region, service, aws4_request
        message = (
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
        raise SignatureError("IncompleteSignatureException", message)
    day, its_region, service, term = parts
    problems = []
    if its_region != region:
        problems.append(f"Credential should be scoped to a valid region, not '{its_region}'. ")
    if service != SERVICE:
        problems.append(f"Credential should be scoped to correct service: '{SERVICE}'. ")
    if term != "aws4_request":
        problems.append(f"Credential should be scoped with a valid terminator: 'aws4_request', not '{term}'. ")
    if problems:
        raise SignatureError("InvalidSignatureException", "".join(problems))
    return key, day, scope


def _check_headers(signed: list[str], headers: Mapping[str, str]) -> None:
    """Host must be signed, and so must every `x-amz-` header that is there: a token not least."""
    if "host" not in signed:
        message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise SignatureError("InvalidSignatureException", message)
    for name in headers:
        if name.startswith("x-amz-") and name not in signed:
            raise SignatureError(
                "InvalidSignatureException", f"'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )


def _date(headers: Mapping[str, str]) -> datetime:
    text = headers.get("x-amz-date") or headers["date"]
    try:
        return datetime.strptime(text, _BASIC).replace(tzinfo=UTC)
    except ValueError:
        message = f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        raise SignatureError("IncompleteSignatureException", message) from None


def _check_date(date: datetime, day: str, moment: datetime) -> None:
    stamp = date.strftime(_BASIC)
    if day != stamp[:8]:
        message = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{stamp[:8]}', from '{stamp}'."
        )
        raise SignatureError("InvalidSignatureException", message)
    now = moment.strftime(_BASIC)
    if date < moment - _SKEW:
        edge = (moment - _SKEW).strftime(_BASIC)
        message = f"Signature expired: {stamp} is now earlier than {edge} ({now} - 5 min.)"
        raise SignatureError("InvalidSignatureException", message)
    if date > moment + _SKEW:
        edge = (moment + _SKEW).strftime(_BASIC)
        message = f"Signature not yet current: {stamp} is still later than {edge} ({now} + 5 min.)"
        raise SignatureError("InvalidSignatureException", message)


def _normal(path: str) -> str:
    """The path without empty and dot segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(segment)
    trailing = "/" if path.endswith("/") and kept else ""
    return f"/{'/'.join(kept)}{trailing}"


def _query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = sorted((quote(unquote(name), safe="~"), quote(unquote(value), safe="~")) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


@functools.lru_cache(maxsize=64)
def _key(scope: str) -> bytes:
    key = f"AWS4{SECRET_KEY}".encode()
    for part in re.split("/", scope):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
