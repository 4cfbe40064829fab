"""Custom integrations of a REST API: patterns and templates, and on moto the calls, drift and changes."""

import json
from pathlib import Path
from typing import Any

import pytest
import regex

from awsprov.errors import PartialError
from awsprov.local.apigateway.templates import TemplateScope
from awsprov.resources.api.rest_integrations import BodyIntegration, event_template, other_errors, pattern_of
from tests.unit.moto_cloud import REST, Moto, on_moto, refreshed

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

JAVA = regex.V1 | regex.WORD
ORIGIN = "method.response.header.Access-Control-Allow-Origin"
ERRORS = r"    errors: {400: '^\[400\].*', 404: [KeyError, NotFound]}"
BODY = "    payload: body\n" + ERRORS.replace("{", "{{").replace("}", "}}") + "\n"


def status_of(message: str, errors: dict[int, Any]) -> list[str]:
    """Return the statuses whose patterns match a message."""
    responses = BodyIntegration(29, errors).responses().items()
    return [status for status, each in responses if each["pattern"] and regex.fullmatch(each["pattern"], message, JAVA)]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("[400] no id", "400"),
        ("[400] no\nid", "500"),
        ("see [400]", "500"),
        ("KeyError: 'id'", "404"),
        ("KeyError: a\nb", "404"),
        ("KeyError", "404"),
        ("NotFound", "404"),
        ("KeyErrors: x", "500"),
        ("not KeyError: x", "500"),
        ("KeyError\n", "500"),
        ("Task timed out after 3.00 seconds", "500"),
        ("a\rb\u2028c", "500"),
        ("NO ID", "422"),
        (" ", "500"),
    ],
)
def test_each_message_has_one_status(message: str, status: str) -> None:
    errors = {400: r"^\[400\].*", 404: ["KeyError", "NotFound"], 422: "(?i)no id"}
    assert status_of(message, errors) == [status]


def test_without_errors_every_message_is_500() -> None:
    assert other_errors([]) == r"[\s\S]+"
    assert status_of("x", {}) == ["500"]
    assert pattern_of("^a.*") == "^a.*"


EVENT = {"id": "path.id", "page": "query.page", "sort-by": "query.sort.by", "item": "body"}


@pytest.mark.parametrize(
    ("query", "event"),
    [
        ({}, {"id": "7", "item": {"a": 1}}),
        ({"page": "2"}, {"id": "7", "page": "2", "item": {"a": 1}}),
        ({"page": "", "sort.by": " "}, {"id": "7", "page": "", "sort-by": "", "item": {"a": 1}}),
        ({"page": "it's \"x\" \\' a/b\n<é€😀>"}, {"id": "7", "page": "it's \"x\" \\' a/b\n<é€😀>", "item": {"a": 1}}),
        ({"page": "$input.body #end"}, {"id": "7", "page": "$input.body #end", "item": {"a": 1}}),
    ],
)
def test_the_template_makes_the_event(query: dict[str, str], event: dict[str, Any]) -> None:
    scope = TemplateScope('{"a": 1}', {"id": "7"}, query)
    assert json.loads(scope.render(event_template(EVENT))) == event


def test_a_template_of_optional_fields_only() -> None:
    template = event_template({"page": "query.page", "size": "query.size"})
    assert json.loads(TemplateScope("").render(template)) == {}
    assert json.loads(TemplateScope("", {}, {"size": "9"}).render(template)) == {"size": "9"}


# ---- on moto


def method(moto: Moto, name: str = "POST /predict") -> Any:
    route: Any = refreshed(moto.engine())[name]
    return moto.aws().apigateway.get_method(**route.parameters(moto.aws()))


def test_a_custom_integration_is_created_with_its_responses(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none", functions=BODY.format()) as moto:
        moto.engine().up()
        found = method(moto)
        integration = found["methodIntegration"]
        assert (integration["type"], integration["passthroughBehavior"]) == ("AWS", "WHEN_NO_MATCH")
        assert int(integration["timeoutInMillis"]) == 29_000
        assert set(found["methodResponses"]) == set(integration["integrationResponses"]) == {"200", "400", "404", "500"}
        for response in integration["integrationResponses"].values():
            assert response["responseParameters"] == {ORIGIN: "'https://example.com'"}
        assert "selectionPattern" not in integration["integrationResponses"]["200"]
        assert integration["integrationResponses"]["400"]["selectionPattern"] == r"^\[400\].*"
        assert method(moto, "ANY /")["methodIntegration"]["type"] == "AWS_PROXY"
        assert moto.engine().plan().empty


def test_the_responses_follow_the_configuration(tmp_path: Path) -> None:
    with on_moto(tmp_path, api=f"{REST}, payload: body", nat="none", functions=BODY.format()) as moto:
        moto.engine().up()
        # The same pattern moves to another status, one goes, one is new: no two may have one pattern at any time.
        moto.functions = "    payload: body\n    errors: {409: '^\\[400\\].*', 422: [ValueError]}\n"
        moto.engine().up()
        assert set(method(moto)["methodResponses"]) == {"200", "409", "422", "500"}
        assert set(method(moto)["methodIntegration"]["integrationResponses"]) == {"200", "409", "422", "500"}
        assert moto.engine().plan().empty
        moto.functions = "    payload: proxy\n"
        moto.engine().up()
        assert method(moto)["methodIntegration"]["type"] == "AWS_PROXY"
        assert "methodResponses" not in method(moto) or not method(moto)["methodResponses"]
        assert moto.engine().plan().empty


@pytest.mark.parametrize(("functions", "types"), [("", ["*/*"]), ("    payload: body\n", [])])
def test_bodies_are_binary_only_if_no_function_gets_json(tmp_path: Path, functions: str, types: list[str]) -> None:
    with on_moto(tmp_path, nat="none", functions=functions) as moto:
        moto.engine().up()
        (call,) = moto.sent["CreateRestApi"]
        assert list(call["binaryMediaTypes"]) == types
        assert moto.engine().plan().empty


def test_a_mapped_event_is_a_template_for_json_only(tmp_path: Path) -> None:
    keys = "    payload: body\n    event: {page: query.page}\n"
    with on_moto(tmp_path, nat="none", functions=keys) as moto:
        moto.engine().up()
        integration = method(moto, "GET /items/{id}")["methodIntegration"]
        assert integration["passthroughBehavior"] == "NEVER"
        assert list(integration["requestTemplates"]) == ["application/json"]


def test_changes_by_hand_are_found_and_repaired(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none", functions=BODY.format()) as moto:
        moto.engine().up()
        route: Any = refreshed(moto.engine())["POST /predict"]
        place, gateway = route.parameters(moto.aws()), moto.aws().apigateway
        gateway.put_integration_response(**place, statusCode="400", selectionPattern="other")
        gateway.delete_integration_response(**place, statusCode="404")
        gateway.delete_method_response(**place, statusCode="500")
        (change,) = moto.engine().plan().of("change")
        assert set(change.differences) == {"responses"}
        moto.engine().up()
        assert moto.engine().plan().empty
        assert set(method(moto)["methodResponses"]) == {"200", "400", "404", "500"}


def test_a_timeout_changes_the_integration_and_deploys_it(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        moto.api = f"{moto.api}, timeout: 120"
        plan = moto.engine().plan()
        assert {c.resource.name for c in plan.of("change")} == {
            "POST /predict", "GET /items/{id}", "ANY /", "api-stage",
        }  # fmt: skip
        moto.engine().up()
        assert int(method(moto)["methodIntegration"]["timeoutInMillis"]) == 120_000
        assert moto.engine().plan().empty


def test_errors_of_the_api_itself_have_the_origin(tmp_path: Path) -> None:
    with on_moto(tmp_path, nat="none") as moto:
        moto.engine().up()
        api = refreshed(moto.engine())["api"].id

        def headers() -> dict[str, Any]:
            items = moto.aws().apigateway.get_gateway_responses(restApiId=api)["items"]
            return {each["responseType"]: each["responseParameters"] for each in items}

        named = {"gatewayresponse.header.Access-Control-Allow-Origin": "'https://example.com'"}
        assert headers() == dict.fromkeys(("DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE"), named)
        moto.api = "auth: iam"
        moto.engine().up()
        assert headers() == {}
        assert moto.engine().plan().empty


CALLS = ("put_integration", "put_method_response", "put_integration_response", "delete_method_response")


@pytest.mark.parametrize("call", CALLS)
def test_an_interrupted_change_is_finished_by_the_next_up(tmp_path: Path, call: str) -> None:
    with on_moto(tmp_path, nat="none", functions="    payload: body\n    errors: {409: conflict}\n") as moto:
        moto.engine().up()
        mapped = "    payload: body\n    errors: {418: teapot}\n    event: {page: query.page}\n"
        for took_effect, errors in ((False, BODY.format()), (True, mapped)):
            moto.functions = errors
            engine = moto.engine()
            original = getattr(engine.aws.apigateway, call)

            def interrupted(*, _call: Any = original, _first: bool = took_effect, **parameters: Any) -> None:
                if _first:
                    _call(**parameters)
                raise RuntimeError("interrupted")

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(engine.aws.apigateway, call, interrupted)
                if call != "put_integration" or took_effect:  # the first change is one of responses only
                    with pytest.raises(PartialError):
                        engine.up()
            moto.engine().up()
            assert moto.engine().plan().empty
