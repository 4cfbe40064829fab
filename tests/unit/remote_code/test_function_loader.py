"""The start of a function: a body that is text reaches the handler as text, and any other one as it was sent."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.unit.remote_code.bootstrap import Handle, loaded


@pytest.fixture
def handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """The handler as Lambda imports it, around one that returns its event."""
    with loaded(tmp_path, "echo_app", "def handler(event, context):\n    return event\n", monkeypatch) as handler:
        yield handler


def request(body: bytes, content_type: str | None) -> dict[str, Any]:
    headers = {} if content_type is None else {"cOnTent-type": content_type}
    return {"httpMethod": "POST", "headers": headers, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json", b'{"a": "\xc3\xb1"}', '{"a": "ñ"}'),
        (None, b"{}", "{}"),
        ("application/vnd.api+json; charset=utf-8", b"{}", "{}"),
        ("text/plain; charset=ISO-8859-1", b"\xf1", "ñ"),
        ("application/x-www-form-urlencoded", b"a=1&b=2", "a=1&b=2"),
        ("Text/CSV", b"a,b\r\n", "a,b\r\n"),
    ],
)
def test_text_is_decoded(handle: Handle, content_type: str | None, body: bytes, text: str) -> None:
    event = handle(request(body, content_type), None)
    assert (event["body"], event["isBase64Encoded"]) == (text, False)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/png", b"\x89PNG"),
        ("application/octet-stream", b"text"),
        ("multipart/form-data; boundary=x", b"--x"),
        ("application/json", b"\x1f\x8b\x08 compressed"),
        ("text/plain; charset=no-such", b"x"),
        ("image/svg+xml", b"<svg/>"),
    ],
)
def test_everything_else_stays_byte_for_byte(handle: Handle, content_type: str, body: bytes) -> None:
    event = handle(request(body, content_type), None)
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (body, True)


@pytest.mark.parametrize("event", [{"n": 1}, [1], None, "x", {"httpMethod": "GET", "headers": None, "body": None},
                                   {"isBase64Encoded": True, "body": "eA=="}])  # fmt: skip
def test_other_events_are_not_touched(handle: Handle, event: Any) -> None:
    assert handle(event, None) is event


def test_a_binary_secret_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("TOKEN", "")
    code = "import os\ndef handler(event, context):\n    return os.environ['TOKEN']\n"
    with mock_aws():
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="text", SecretString="value")
        secrets.create_secret(Name="bytes", SecretBinary=b"value")
        monkeypatch.setenv("AWSPROV_SECRETS", '{"TOKEN": "secretsmanager:text"}')
        with loaded(tmp_path, "secret_app", code, monkeypatch) as handler:
            assert handler({}, None) == "value"
        monkeypatch.setenv("AWSPROV_SECRETS", '{"TOKEN": "secretsmanager:bytes"}')
        expected = "TOKEN could not be read from secretsmanager:bytes: it is binary"
        with (
            pytest.raises(RuntimeError, match=expected),
            loaded(tmp_path, "secret_app", code, monkeypatch),
        ):
            pass
