"""The interface with Lambda and API Gateway: kinds of event, methods, headers and the log line."""

import importlib
import json
import logging
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import lambda_function
import pytest
from lambda_function import lambda_handler
from packaging.requirements import Requirement
from request import BadRequest

from .events import EXAMPLES, asking, body_of, example, http, in_base64, rest

REQUEST = json.dumps(asking("ladrillos rojos para la pared", "ladrillos", "pintura añil"), ensure_ascii=False)
CONTEXT = SimpleNamespace(aws_request_id="c0ffee")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[Any]]:
    """Return a function that returns the decoded lines of the log of the service."""
    caplog.set_level(logging.INFO, logger="similarity")
    return lambda: [json.loads(record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize("event", [rest, http])
@pytest.mark.parametrize("encoded", [False, True])
def test_both_apis_get_the_result_as_an_http_response(event: Callable[..., Any], encoded: bool) -> None:
    response = lambda_handler(event(in_base64(REQUEST) if encoded else REQUEST, encoded=encoded), CONTEXT)
    assert response["statusCode"] == 200
    assert response["headers"] == {"Content-Type": "application/json; charset=utf-8"}
    assert response["isBase64Encoded"] is False
    assert [line["offer"] for line in body_of(response)["ranking"]] == ["0", "1"]


def test_texts_are_returned_unchanged() -> None:
    request = asking("ladrillos", "ladrillos")
    request["offers"][0]["title"] = "Ladrillo añejo 🧱"
    assert "Ladrillo añejo 🧱" in lambda_handler(rest(json.dumps(request)), None)["body"]


def test_a_plain_event_gets_the_plain_result() -> None:
    assert lambda_handler(json.loads(REQUEST), None)["language"] == "es"


def test_a_bad_plain_event_raises_one_error_with_every_problem() -> None:
    with pytest.raises(BadRequest, match=re.escape("requirement: missing; offers: missing")):
        lambda_handler({}, None)


@pytest.mark.parametrize("event", [rest, http])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(event: Callable[..., Any], method: str) -> None:
    response = lambda_handler(event(None, method=method), None)
    assert response["statusCode"] == 405
    assert response["headers"]["Allow"] == "POST"
    assert body_of(response)["problems"] == [f"{method} is not allowed, only POST"]


@pytest.mark.parametrize("body", [REQUEST, "not JSON"])
def test_every_response_has_cors_headers_if_an_origin_is_set(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Access-Control-Allow-Origin" not in lambda_handler(rest(body), None)["headers"]
    monkeypatch.setenv("CORS_ORIGIN", "https://example.com")
    assert lambda_handler(rest(body), None)["headers"]["Access-Control-Allow-Origin"] == "https://example.com"


@pytest.mark.parametrize("event", [rest, http])
def test_a_preflight_request_gets_the_cors_headers(event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGIN", "https://example.com")
    response = lambda_handler(event(None, method="OPTIONS"), None)
    assert (response["statusCode"], response["body"]) == (204, "")
    assert response["headers"]["Access-Control-Allow-Methods"] == "POST"
    assert "content-type" in response["headers"]["Access-Control-Allow-Headers"]


def test_one_log_line_for_a_result(logged: Callable[[], list[Any]]) -> None:
    lambda_handler(rest(REQUEST), CONTEXT)
    [line] = logged()
    assert line.pop("took_ms") > 0
    assert line == {"request": "c0ffee", "status": 200, "language": "es", "offers": 2}


def test_one_log_line_for_a_bad_request(logged: Callable[[], list[Any]]) -> None:
    lambda_handler(rest("{}"), None)
    [line] = logged()
    assert line.pop("took_ms") >= 0
    assert line == {"request": None, "status": 400, "problems": 2}


@pytest.mark.parametrize("file", ["request.json", "solicitud.json", "bad-request.json"])
def test_the_log_contains_no_text_of_the_request(file: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lambda_handler(http((EXAMPLES / file).read_text(encoding="utf-8")), CONTEXT)
    assert len(caplog.records) == 1
    sent = set(re.findall(r"\w{4,}", json.dumps(example(file), ensure_ascii=False)))
    assert not sent & set(re.findall(r"\w+", caplog.text)) - {"similarity", "language", "offers"}


@pytest.mark.parametrize(
    ("name", "level"),
    [("debug", logging.DEBUG), ("ERROR", logging.ERROR), ("LOUD", logging.INFO), (None, logging.INFO)],
)
def test_log_level_comes_from_the_environment(name: str | None, level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lambda_function.log.level
    monkeypatch.setenv("LOG_LEVEL", name) if name else monkeypatch.delenv("LOG_LEVEL", raising=False)
    try:
        importlib.reload(lambda_function)
        assert lambda_function.log.level == level
    finally:
        lambda_function.log.setLevel(before)


def test_requirements_are_what_the_code_imports() -> None:
    lines = (EXAMPLES.parent / "lambda_src" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    [only] = [Requirement(line) for line in lines if not line.startswith("#")]
    assert only.name == "scikit-learn"
    assert sys.modules["sklearn"].__version__ in only.specifier
