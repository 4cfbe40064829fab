"""What the loader logs: results that API Gateway cannot use, and where the code is shortly before its time is up."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.remote_code.bootstrap import Handle, loaded

CODE = """\
import time

def handler(event, context):
    if "seconds" in event:
        time.sleep(event["seconds"])
    return event.get("result")
"""
REST = {"httpMethod": "POST", "requestContext": {}, "headers": {}}
HTTP = {"rawPath": "/", "requestContext": {}, "version": "2.0"}


@pytest.fixture
def handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """The handler as Lambda imports it."""
    with loaded(tmp_path, "logged_app", CODE, monkeypatch) as handler:
        yield handler


WRONG = [
    (REST, {"statusCode": 200, "body": {"a": 1}}, "`body` must be a string, not dict; json.dumps makes one."),
    (REST, {"statusCode": 200, "body": 3.5}, "`body` must be a string, not float; json.dumps makes one."),
    (REST, {"statusCode": 200, "body": "", "price": 3}, "it has price, which API Gateway does not know."),
    (REST, {"statusCode": "fine"}, "`statusCode` must be a number from 200 to 599, not 'fine'."),
    (REST, {"statusCode": 99}, "`statusCode` must be a number from 200 to 599, not 99."),
    (REST, {"headers": {"x": {"y": 1}}}, "`headers` must be a dictionary with strings."),
    (REST, {"headers": "x"}, "`headers` must be a dictionary with strings."),
    (REST, [1], "it must be a dictionary, not list."),
    (REST, None, "it must be a dictionary, not NoneType."),
    (HTTP, {"statusCode": 200, "body": [1]}, "`body` must be a string, not list; json.dumps makes one."),
]


@pytest.mark.parametrize(("request_", "result", "problem"), WRONG)
def test_a_result_that_the_api_cannot_use_is_logged_as_an_error_and_returned(
    handle: Handle, caplog: pytest.LogCaptureFixture, request_: Any, result: Any, problem: str
) -> None:
    assert handle({**request_, "result": result}, None) == result
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage() == (
        f"The API cannot use what logged_app.handler (logged_app.py, line 3) returned: {problem}"
    )


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        (REST, {"statusCode": 200, "headers": {"a": "b", "n": 1}, "body": "text", "isBase64Encoded": False}),
        (REST, {"statusCode": "201", "body": None}),
        (REST, {}),
        (HTTP, {"price": 3}),
        (HTTP, [1, 2]),
        (HTTP, "text"),
        (HTTP, {"statusCode": 200, "body": "text", "cookies": ["a=b"]}),
        ({"ids": [1]}, {"body": {"a": 1}}),  # no request of an API
        ({"httpMethod": "GET"}, None),
        (REST, {"statusCode": 10**5000}),  # Python cannot write it
    ],
)
def test_every_other_result_is_not(
    handle: Handle, caplog: pytest.LogCaptureFixture, request_: Any, result: Any
) -> None:
    assert handle({**request_, "result": result}, None) == result
    assert caplog.records == []


def test_the_place_is_logged_shortly_before_the_time_is_up(handle: Handle, caplog: pytest.LogCaptureFixture) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 250, client_context=None)
    handle({"seconds": 0.5}, context)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    lines = record.getMessage().splitlines()
    assert lines[0] == "The time is nearly up. The code is here:"
    assert lines[1].endswith('logged_app.py", line 5, in handler')
    assert lines[2:] == ['    time.sleep(event["seconds"])']


def test_nothing_is_logged_when_there_is_time_left(handle: Handle, caplog: pytest.LogCaptureFixture) -> None:
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000, client_context=None)
    handle({"seconds": 0.01}, context)
    assert caplog.records == []
