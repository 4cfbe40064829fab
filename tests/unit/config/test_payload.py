"""`payload`, `errors` and `event` of a function, and the timeout of the API."""

import re
from collections.abc import Iterator

import pytest

from awsprov.config.loader import load
from tests.unit.config.test_mistakes import problems
from tests.unit.conftest import PLAIN, Project

ROUTES = "    routes: [POST /predict]\n"


def with_keys(*lines: str, route: str = "POST /predict", api: str = "") -> str:
    """Return the configuration with more keys of the function, one a line."""
    more = "".join(f"    {line}\n" for line in lines)
    return PLAIN.replace(ROUTES, f"    routes: ['{route}']\n{more}") + (f"api: {{{api}}}\n" if api else "")


def test_a_function_takes_the_body_by_its_own_key_or_that_of_the_api(project: Project) -> None:
    assert not load(project.write(PLAIN)).takes_body("predict")
    assert load(project.write(with_keys("payload: body"))).takes_body("predict")
    assert load(project.write(with_keys(api="payload: body"))).takes_body("predict")
    assert not load(project.write(with_keys("payload: proxy", api="payload: body"))).takes_body("predict")


def test_errors_are_patterns_or_exceptions(project: Project) -> None:
    keys = ("payload: body", r"errors: {400: '^\[400\].*', 404: [KeyError, NotFound], 409: [KeyError], 422: '\p{L}+'}")
    function = load(project.write(with_keys(*keys))).functions["predict"]
    assert function.errors[400] == r"^\[400\].*"
    assert function.exceptions == ["KeyError", "NotFound"]


def test_the_api_waits_29_seconds_or_its_timeout(project: Project) -> None:
    waits = [load(project.write(with_keys(api=api))).api.waits for api in ("type: rest", "type: http", "timeout: 120")]
    assert waits == [29, 30, 120]


def bad() -> Iterator[tuple[str, str]]:
    """Yield a key of a function with `payload: body`, and its error."""
    yield "errors: {200: x}", r"`functions.predict.errors.200` should be the HTTP status of an error"
    yield "errors: {500: x}", "is the status of every error that is not listed"
    yield "errors: {400: '('}", "is not a regular expression: missing"
    yield "errors: {400: '(?<code>x)'}", "named group"
    yield r"errors: {400: '(x)\1'}", "named group or a reference"
    yield "errors: {400: []}", r"should be a pattern, or a list of exceptions"
    yield "errors: {400: ''}", r"should be a pattern, or a list of exceptions"
    yield "errors: {400: [a.b]}", "has 'a.b', which is not the name of an exception"
    yield "event: {id: cookie.id}", r"`functions.predict.event.id` is `cookie.id`; it should be `path.NAME`"
    yield "event: {'a\"b': body}", "should be a letter, then"
    yield "event: {id: path.id}", r"`event` has path.id, but `POST /predict` has no \{id\}"
    yield "smoke: {expect: {status: 200}}", "has no status; use `contains`"


@pytest.mark.parametrize(("key", "message"), list(bad()))
def test_a_mistake_has_its_line(project: Project, key: str, message: str) -> None:
    found = problems(project, with_keys("payload: body", key))
    assert re.search(message, found)
    assert found.startswith("config.yaml:12:")


@pytest.mark.parametrize(
    ("keys", "api", "message"),
    [
        (["errors: {400: x}"], "", "`errors` needs `payload: body`"),
        (["event: {id: body}"], "", "`event` needs `payload: body`"),
        (["payload: body"], "type: http", "`payload: body` is for REST APIs only; use `api.type: rest`"),
        ([], "type: http, payload: body", "`api.payload` cannot be body for HTTP APIs; use `type: rest`"),
        ([], "type: http, timeout: 60", "`api.timeout` cannot be 60 for HTTP APIs; they wait 30 seconds"),
        ([], "timeout: 301", "`api.timeout` is `301`; it must be a whole number from 1 to 300"),
    ],
)
def test_keys_that_exclude_one_another(project: Project, keys: list[str], api: str, message: str) -> None:
    assert message in problems(project, with_keys(*keys, api=api))


def test_an_http_api_of_bodies_is_one_mistake(project: Project) -> None:
    keys = ("errors: {400: x}", "event: {id: body}")
    found = problems(project, with_keys(*keys, api="type: http, payload: body"))
    assert "`api.payload` cannot be body" in found
    assert found.count("config.yaml:") == 1
