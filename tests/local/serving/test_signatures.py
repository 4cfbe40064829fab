"""Signatures: those of botocore are accepted, and a change of any signed part is detected."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from awsprov.local.iam.signatures import SignatureError, SignedRequest, verify

REGION, SECRET = "eu-west-1", "secret"
KEYS = {"test": SECRET}
PATH = "/_aws/execute-api/abc/prod/similarity"


def signed(
    *,
    method: str = "POST",
    path: str = PATH,
    query: str = "b=2&a=x%20y&a=1",
    body: bytes = b'{"q": 1}',
    key: str = "test",
    secret: str = SECRET,
    token: str | None = None,
    service: str = "execute-api",
    region: str = REGION,
    **headers: str,
) -> SignedRequest:
    """Return a request signed by botocore."""
    url = f"http://127.0.0.1:4566{path}" + (f"?{query}" if query else "")
    request: Any = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json", **headers})
    SigV4Auth(Credentials(key, secret, token), service, region).add_auth(request)
    signed_headers = {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest(method, path, query, {"host": "127.0.0.1:4566", **signed_headers}, body)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"token": "a-session-token"},
        {"query": ""},
        {"query": "flag&empty=&a=%2F"},
        {"path": f"{PATH}/a%20b/%C3%B1/c~d"},
        {"path": f"{PATH}/"},
        {"method": "GET", "body": b""},
    ],
)
def test_a_valid_signature_identifies_the_caller(parts: dict[str, Any]) -> None:
    caller = verify(signed(**parts), REGION, KEYS.get)
    assert (caller.access_key, caller.session_token) == ("test", parts.get("token", ""))


@given(
    segments=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), max_size=4),
    parameters=st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(), max_size=4),
    body=st.binary(max_size=50),
)
def test_any_request_signed_by_botocore_is_valid(segments: list[str], parameters: dict[str, str], body: bytes) -> None:
    path = PATH + "".join(f"/{quote(segment, safe='')}" for segment in segments if segment not in {".", ".."})
    verify(signed(path=path, query=urlencode(sorted(parameters.items()), quote_via=quote), body=body), REGION, KEYS.get)


def changed(name: str) -> SignedRequest:
    """Return a signed request of which one part was changed afterwards."""
    request = signed(token="t")
    headers = dict(request.headers)
    if name in headers:
        return replace(request, headers={**headers, name: f"{headers[name]}x"})
    changes: dict[str, Any] = {
        "method": "PUT",
        "path": f"{PATH}x",
        "query": "b=2&a=x%20y&a=2",
        "body": b'{"q": 2}',
    }
    return replace(request, **{name: changes[name]})


@pytest.mark.parametrize("name", ["method", "path", "query", "body", "host", "content-type", "x-amz-security-token"])
def test_a_change_is_detected(name: str) -> None:
    with pytest.raises(SignatureError, match="The request signature we calculated does not match") as caught:
        verify(changed(name), REGION, KEYS.get)
    assert caught.value.error_type == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        (
            {"key": "AKIASOMEBODY"},
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        ({"secret": "wrong"}, "InvalidSignatureException", "The request signature we calculated"),
        ({"region": "us-east-1"}, "InvalidSignatureException", "valid region, not 'us-east-1'. "),
        ({"service": "lambda"}, "InvalidSignatureException", "correct service: 'execute-api'. "),
    ],
)
def test_another_key_region_or_service_is_refused(parts: dict[str, Any], kind: str, message: str) -> None:
    with pytest.raises(SignatureError) as caught:
        verify(signed(**parts), REGION, KEYS.get)
    assert caught.value.error_type == kind
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("minutes", "message"), [(5.1, "Signature expired"), (-5.1, "Signature not yet current"), (4.9, ""), (-4.9, "")]
)
def test_a_clock_may_differ_by_five_minutes(minutes: float, message: str) -> None:
    request, moment = signed(), datetime.now(UTC) + timedelta(minutes=minutes)
    if not message:
        verify(request, REGION, KEYS.get, time=moment)
        return
    with pytest.raises(SignatureError, match=message):
        verify(request, REGION, KEYS.get, time=moment)


def test_the_body_is_hashed_even_if_the_client_sends_a_hash() -> None:
    headers: Any = {"X-Amz-Content-SHA256": hashlib.sha256(b'{"q": 1}').hexdigest()}
    request = signed(**headers)
    verify(request, REGION, KEYS.get)
    with pytest.raises(SignatureError, match="The request signature we calculated does not match"):
        verify(replace(request, body=b'{"q": 2}'), REGION, KEYS.get)


def test_any_header_may_be_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    headers: Any = {"User-Agent": "another client"}
    with monkeypatch.context() as patch:
        patch.setattr("botocore.auth.SIGNED_HEADERS_BLACKLIST", [])  # botocore itself does not sign the user agent
        request = signed(**headers)
    assert "user-agent" in request.headers["authorization"]
    verify(request, REGION, KEYS.get)
    with pytest.raises(SignatureError, match="The request signature we calculated does not match"):
        verify(replace(request, headers={**request.headers, "user-agent": "x"}), REGION, KEYS.get)


def with_authorization(value: str) -> SignedRequest:
    request = signed()
    return replace(request, headers={**request.headers, "authorization": value})


@pytest.mark.parametrize(
    ("authorization", "kind", "message"),
    [
        ("", "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ("Bearer abc", "IncompleteSignatureException", "Authorization header requires 'Credential' parameter."),
        ("AWS4-HMAC-SHA256 Credential=a, Signature=b", "IncompleteSignatureException", "requires 'SignedHeaders'"),
        (
            "AWS4-HMAC-SHA256 Credential=test/x, SignedHeaders=host, Signature=b",
            "IncompleteSignatureException",
            "exactly 5 slash-delimited elements",
        ),
    ],
)
def test_an_incomplete_header(authorization: str, kind: str, message: str) -> None:
    with pytest.raises(SignatureError) as caught:
        verify(with_authorization(authorization), REGION, KEYS.get)
    assert caught.value.error_type == kind
    assert message in caught.value.message


def test_headers_that_must_be_signed() -> None:
    request = signed()
    with pytest.raises(SignatureError, match="'x-amz-security-token' must be a 'SignedHeader'"):
        verify(replace(request, headers={**request.headers, "x-amz-security-token": "added"}), REGION, KEYS.get)
    unsigned = request.headers["authorization"].replace("content-type;host;", "content-type;")
    with pytest.raises(SignatureError, match="'Host' or ':authority' must be"):
        verify(with_authorization(unsigned), REGION, KEYS.get)
