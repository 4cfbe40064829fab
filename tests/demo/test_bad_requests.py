"""Bad requests: the response lists all their problems, and the function never crashes."""

import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example as tried
from hypothesis import given
from hypothesis import strategies as st
from lambda_function import MAX_BYTES, lambda_handler
from request import MAX_CHARACTERS, MAX_OFFERS, BadRequest, parse

from .events import asking, body_of, example, http, in_base64, rest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def almost(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Objects with these fields, of which some are missing or have another type, and unknown fields."""
    present = st.fixed_dictionaries({}, optional={name: values | JSON for name, values in fields.items()})
    unknown = st.dictionaries(st.text(max_size=5), JSON, max_size=1)
    return st.builds(lambda some, more: more | some, present, unknown)


NEED = almost({"title": st.text(), "description": st.text(), "keywords": st.text()})
OFFER = almost({"id": st.text(), "title": st.text(), "description": st.text()})
NEARLY = almost({"requirement": NEED, "offers": st.lists(OFFER, max_size=3), "language": st.sampled_from(["en", "es"])})
VALID = st.builds(asking, st.text(), st.text(), st.text())


def problems(request: Any) -> tuple[str, ...]:
    with pytest.raises(BadRequest) as caught:
        parse(request)
    return caught.value.problems


def test_all_problems_of_the_bad_example_are_listed() -> None:
    assert problems(example("bad-request.json")) == (
        "requirement: unknown keyword (known: title, description, keywords)",
        "requirement.description: must not be empty",
        "offers[1].title: must be text, not a number",
        "offers[2].description: missing",
        "offers[2].id: the same as offers[0].id",
        "language: must be one of en, es, or omitted",
    )


def test_an_empty_object() -> None:
    assert problems({}) == ("requirement: missing", "offers: missing")


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), ([], "a list"), ("x", "text"), (1.5, "a number"), (True, "true or false")],
)
def test_not_an_object(value: Any, kind: str) -> None:
    assert problems(value) == (f"the request must be an object, not {kind}",)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"requirement": "x"}, "requirement: must be an object, not text"),
        ({"offers": {}}, "offers: must be a list, not an object"),
        ({"offers": []}, "offers: must not be empty"),
        ({"offers": [None]}, "offers[0]: missing"),
        ({"offers": [{}] * (MAX_OFFERS + 1)}, "offers: 501 offers, more than 500"),
        ({"language": ["en"]}, "language: must be one of en, es, or omitted"),
        ({"title": "x"}, "the request: unknown title (known: requirement, offers, language)"),
    ],
)
def test_one_part_wrong(change: dict[str, Any], problem: str) -> None:
    assert problems(asking("red bricks", "bricks") | change) == (problem,)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" \n", "requirement.description: must not be empty"),
        ("x" * (MAX_CHARACTERS + 1), "requirement.description: 20,001 characters, more than 20,000"),
        ("half \ud83d", "requirement.description: contains a lone surrogate"),
    ],
)
def test_an_invalid_text(text: str, problem: str) -> None:
    assert problems(asking(text, "bricks")) == (problem,)


def test_a_requirement_without_a_word_to_compare() -> None:
    request = asking("of the", "bricks") | {"requirement": {"title": "The", "description": "of it!"}}
    assert problems(request) == ("requirement: no words to compare, only stop words or punctuation",)


def test_optional_fields_may_be_null_or_empty() -> None:
    request = asking("red bricks", "bricks", language=None)
    for keywords in (None, ""):
        request["requirement"]["keywords"] = keywords
        assert parse(request).language == "en"
    request["requirement"]["keywords"] = []
    assert problems(request) == ("requirement.keywords: must be text, not a list",)


def test_limits_are_inclusive() -> None:
    assert len(parse(asking("x" * MAX_CHARACTERS, *["bricks"] * MAX_OFFERS)).offers) == MAX_OFFERS


@pytest.mark.parametrize("event", [rest, http])
@pytest.mark.parametrize(
    ("body", "encoded", "message"),
    [
        (None, False, "the body is empty"),
        ("", False, "the body is empty"),
        ({"not": "text"}, False, "the body is empty"),
        ("{'a': 1}", False, "the body is not valid JSON in UTF-8: Expecting property name"),
        ("[" * 100_000, False, "the body is not valid JSON in UTF-8: "),
        ("9" * 5000, False, "the body is not valid JSON in UTF-8: "),
        (base64.b64encode(b"{}").decode() + "!", True, "the body is not valid JSON in UTF-8: "),
        ("/w==", True, "the body is not valid JSON in UTF-8: "),
        ("\ud800", False, "the body is not valid JSON in UTF-8: "),
    ],
)
def test_a_body_that_is_not_json(event: Callable[..., Any], body: Any, encoded: bool, message: str) -> None:
    response = lambda_handler(event(body, encoded=encoded), None)
    result = body_of(response)
    assert response["statusCode"] == 400
    assert result["error"] == "bad request"
    assert len(result["problems"]) == 1
    assert result["problems"][0].startswith(message)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_too_large(encoded: bool) -> None:
    text = json.dumps("é" * (MAX_BYTES // 2), ensure_ascii=False)
    response = lambda_handler(rest(in_base64(text) if encoded else text, encoded=encoded), None)
    assert response["statusCode"] == 413
    assert body_of(response)["problems"] == ["the body has 1,000,002 bytes, more than 1,000,000"]


@given(value=JSON | NEARLY | VALID, event=st.sampled_from([rest, http]))
@tried(value={"\ud800": 1}, event=rest)
def test_any_json_body_gets_a_response(value: Any, event: Callable[..., Any]) -> None:
    response = lambda_handler(event(json.dumps(value)), None)
    result = body_of(response)
    response["body"].encode()
    assert response["statusCode"] in (200, 400)
    assert result["ranking"] if response["statusCode"] == 200 else result["problems"]


@given(body=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), encoded=st.booleans())
def test_any_body_gets_a_response(body: str, encoded: bool) -> None:
    assert lambda_handler(http(body, encoded=encoded), None)["statusCode"] in (200, 400)


@given(event=JSON | NEARLY | VALID)
def test_any_plain_event_gets_a_result_or_a_bad_request(event: Any) -> None:
    with contextlib.suppress(BadRequest):  # any other exception fails
        assert lambda_handler(event, None)["ranking"]
