"""Lambda custom integrations of REST APIs (type AWS), and gateway responses, tested over HTTP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsprov.local.apigateway.templates import TemplateError, TemplateScope
from tests.local.conftest import LocalCloud, refused
from tests.local.serving.conftest import Lambda
from tests.local.serving.test_gateway_rest import ANY_API, FUNCTION, URI, Api, send

ORIGIN = "Access-Control-Allow-Origin"
HANDLER = """
import os, time

def handler(event, context):
    if not isinstance(event, dict):
        return event
    if "raises" in event:
        raise ValueError(event["raises"])
    if "exits" in event:
        os._exit(1)
    time.sleep(event.get("sleeps", 0))
    return event
"""


@pytest.fixture(scope="module")
def dictionary(shared: Lambda) -> Lambda:
    """The functions `dictionary`, which returns its event, and `unimportable`, which cannot be imported."""
    for name, source in (("dictionary", HANDLER), ("unimportable", "import not_there\n")):
        shared.create(name, source, Timeout=2)
        shared.client.add_permission(FunctionName=name, StatementId="any", **ANY_API)
    return shared


class CustomApi(Api):
    """A REST API with Lambda custom integrations."""

    def custom(self, verb: str, path: str, function: str = "dictionary", timeout: int = 29_000, **settings: Any) -> Any:
        """Create a method with a custom integration, and return what identifies it."""
        place = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**place, authorizationType="NONE")
        uri = URI.format(FUNCTION.replace("proxy", function))
        self.client.put_integration(
            **place, type="AWS", integrationHttpMethod="POST", uri=uri, timeoutInMillis=timeout, **settings
        )
        return place

    def respond(self, place: Any, status: int, pattern: str = "", template: str = "") -> None:
        """Declare a response with a CORS header, and let errors that match the pattern get it."""
        name, code = f"method.response.header.{ORIGIN}", str(status)
        self.client.put_method_response(**place, statusCode=code, responseParameters={name: False})
        self.client.put_integration_response(
            **place,
            statusCode=code,
            selectionPattern=pattern,
            responseParameters={name: "'https://example.com'"},
            responseTemplates={"application/json": template} if template else {},
        )


@pytest.fixture
def api(dictionary: Lambda) -> Iterator[CustomApi]:
    created = CustomApi(dictionary)
    yield created
    created.client.delete_rest_api(restApiId=created.id)


def test_the_body_is_the_event_and_the_result_is_the_response(api: CustomApi) -> None:
    api.respond(api.custom("POST", "/score"), 200)
    base = api.deploy()
    response = send(base, "POST", "/score", '{"id": 7}', Content_Type="application/json")
    assert (response.status, response.json) == (200, {"id": 7})
    assert response.headers[ORIGIN.lower()] == "https://example.com"
    assert send(base, "POST", "/score").json == {}  # without a body
    assert send(base, "POST", "/score", "[1, 2]", Content_Type="text/plain").json == [1, 2]  # WHEN_NO_MATCH


def test_a_binary_body_is_base64_in_which_there_is_no_json(api: CustomApi) -> None:
    api.respond(api.custom("POST", "/score", contentHandling="CONVERT_TO_TEXT"), 200)
    base = api.deploy()
    assert send(base, "POST", "/score", '{"id": 7}').status == 200
    patch = [{"op": "add", "path": "/binaryMediaTypes/*~1*"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch)
    assert send(api.deploy(), "POST", "/score", '{"id": 7}').status == 400


def test_a_body_that_is_not_json_is_refused(api: CustomApi) -> None:
    api.respond(api.custom("POST", "/score"), 200)
    status, message = send(api.deploy(), "POST", "/score", '{"id": ').error
    assert status == 400
    assert message.startswith("Could not parse request body into json")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"raises": "[400] no id"}, 400),
        ({"raises": "see [400] no id"}, 500),  # a pattern must match the whole message
        ({"raises": "[400] no\nid"}, 500),  # and `.` matches no line break
        ({"raises": "[400] no\u2028id"}, 500),
        ({"raises": "other"}, 500),
        ({"raises": ""}, 200),  # there is no message to match
        ({"sleeps": 4}, 500),
        ({"exits": 1}, 500),
        ({"errorMessage": "[400] returned"}, 400),  # the result itself is searched for it
    ],
)
def test_the_pattern_of_an_error_selects_the_response(api: CustomApi, event: Any, status: int) -> None:
    place = api.custom("POST", "/score")
    api.respond(place, 200)
    api.respond(place, 400, r"^\[400\].*", '{"message": $input.json("$.errorMessage")}')
    api.respond(place, 500, r"(?!\[400\].*(?![\s\S]))[\s\S]+", '{"message": "Internal server error"}')
    response = send(api.deploy(), "POST", "/score", json.dumps(event))
    assert response.status == status
    assert response.headers[ORIGIN.lower()] == "https://example.com"
    if status == 400:
        assert response.json == {"message": event.get("raises") or event["errorMessage"]}


def test_a_function_that_cannot_be_imported_is_an_error(api: CustomApi) -> None:
    place = api.custom("POST", "/score", "unimportable")
    api.respond(place, 200)
    api.respond(place, 500, r"(\n|.)+")
    response = send(api.deploy(), "POST", "/score", "{}")
    assert response.status == 500
    assert "not_there" in response.json["errorMessage"]


def test_patterns_have_the_syntax_of_java(api: CustomApi) -> None:
    place = api.custom("POST", "/score")
    api.respond(place, 200)
    api.respond(place, 404, r"(?:(?i)not found)|\p{Upper}{3}:(?s:.*+)")
    base = api.deploy()
    for message, status in (("NOT found", 404), ("ABC: a\nb", 404), ("ABc: a", 200)):
        assert send(base, "POST", "/score", json.dumps({"raises": message})).status == status


def test_a_template_makes_the_event(api: CustomApi) -> None:
    template = """#set($query = $input.params().querystring)
{"id": "$util.escapeJavaScript($input.params().path.get('id')).replaceAll(".'", "'")",
 "page": "#if($query.containsKey('page'))$query.get('page')#{else}none#end",
 "caller": "$context.identity.sourceIp", "stage": "$stageVariables.color", "body": $input.json('$')}"""
    place = api.custom("POST", "/items/{id}", requestTemplates={"application/json": template})
    api.respond(place, 200)
    base = api.deploy(variables={"color": "blue"})
    assert send(base, "POST", '/items/it%27s%20%22x%22?page=2&page=3', '{"a": [1]}').json == {
        "id": 'it\'s "x"', "page": "3", "caller": "127.0.0.1", "stage": "blue", "body": {"a": [1]},
    }  # fmt: skip
    assert send(base, "POST", "/items/1").json["page"] == "none"


@pytest.mark.parametrize(
    ("behaviour", "templates", "status"),
    [
        ("WHEN_NO_MATCH", {"application/json": "{}"}, 200),
        ("WHEN_NO_TEMPLATES", {"application/json": "{}"}, 415),
        ("WHEN_NO_TEMPLATES", {}, 200),
        ("NEVER", {}, 415),
    ],
)
def test_a_media_type_without_a_template(api: CustomApi, behaviour: str, templates: Any, status: int) -> None:
    place = api.custom("POST", "/score", passthroughBehavior=behaviour, requestTemplates=templates)
    api.respond(place, 200)
    base = api.deploy()
    assert send(base, "POST", "/score", "{}", Content_Type="application/xml").status == status


def test_a_response_template_can_override_the_status(api: CustomApi) -> None:
    template = "#set($context.responseOverride.status = 202)#set($context.responseOverride.header.X-Job = '7')[]"
    api.respond(api.custom("POST", "/score"), 200, template=template.replace("X-Job", "Job"))
    response = send(api.deploy(), "POST", "/score", "{}")
    assert (response.status, response.headers["job"], response.json) == (202, "7", [])


def test_a_response_that_the_method_does_not_declare(api: CustomApi) -> None:
    place = api.custom("POST", "/score")
    header = {f"method.response.header.{ORIGIN}": "'*'"}
    with pytest.raises(ClientError, match="No method response exists for method"):
        api.client.put_integration_response(**place, statusCode="200", responseParameters=header)
    api.client.put_integration_response(**place, statusCode="200")  # without headers it is accepted
    assert send(api.deploy(), "POST", "/score", "{}").error == (500, "Internal server error")
    api.client.put_method_response(**place, statusCode="200")
    with pytest.raises(ClientError, match=f"Invalid mapping expression parameter specified: .*{ORIGIN}"):
        api.client.put_integration_response(**place, statusCode="200", responseParameters=header)
    assert send(api.deploy(), "POST", "/score", "{}").status == 200


def test_a_response_and_a_pattern_are_declared_once(api: CustomApi) -> None:
    place = api.custom("POST", "/score")
    api.respond(place, 200)
    api.respond(place, 400, "bad.*")
    with refused("ConflictException"):
        api.client.put_method_response(**place, statusCode="400")
    with refused("ConflictException"):
        api.client.put_integration_response(**place, statusCode="500", selectionPattern="bad.*")
    with refused("ConflictException"):
        api.client.put_integration_response(**place, statusCode="500")
    api.client.put_integration_response(**place, statusCode="400", selectionPattern="bad.*")  # the same one


def test_no_response_is_configured_for_the_result(api: CustomApi) -> None:
    api.respond(api.custom("POST", "/score"), 400, "bad.*")
    assert send(api.deploy(), "POST", "/score", "{}").error == (500, "Internal server error")


def test_the_integration_times_out(api: CustomApi) -> None:
    api.respond(api.custom("POST", "/score", timeout=500), 200)
    assert send(api.deploy(), "POST", "/score", '{"sleeps": 1.5}').error == (504, "Endpoint request timed out")


def test_a_longer_timeout_needs_a_quota(api: CustomApi, cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="Timeout should be between 50 ms and 29000 ms"):
        api.custom("POST", "/score", timeout=60_000)
    cloud.admin("POST", "quotas", **{"integration-timeout": 120_000})
    try:
        api.custom("POST", "/slow", timeout=60_000)
    finally:
        cloud.admin("POST", "quotas", **{"integration-timeout": 29_000})


# ---- gateway responses


Gateway = Callable[..., Any]


@pytest.fixture
def gateway(api: CustomApi) -> Gateway:
    """A function that sets headers of a gateway response."""

    def put(kind: str, status: str = "", **headers: str) -> None:
        named = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
        more = {"statusCode": status} if status else {}
        api.client.put_gateway_response(restApiId=api.id, responseType=kind, responseParameters=named, **more)

    return put


def test_gateway_responses_add_headers_to_errors_of_the_api(api: CustomApi, gateway: Gateway) -> None:
    place = api.custom("POST", "/score", timeout=500, passthroughBehavior="NEVER", requestTemplates={
        "application/json": "$input.body"})  # fmt: skip
    api.respond(place, 200)
    gateway("DEFAULT_4XX", Kind="4xx")
    gateway("DEFAULT_5XX", Kind="5xx")
    gateway("UNSUPPORTED_MEDIA_TYPE", "406", Kind="media")
    base = api.deploy()
    slow, malformed = send(base, "POST", "/score", '{"sleeps": 1.5}'), send(base, "POST", "/score", "{")
    media = send(base, "POST", "/score", "x", Content_Type="text/plain")
    assert (slow.status, slow.headers["kind"]) == (504, "5xx")
    assert (malformed.status, malformed.headers["kind"]) == (400, "4xx")
    assert (media.status, media.headers["kind"]) == (406, "media")
    missing = send(base, "GET", "/nothing")
    assert (missing.error, missing.headers["kind"]) == ((403, "Missing Authentication Token"), "4xx")


def test_a_request_that_is_too_large_has_a_gateway_response_of_its_own(api: CustomApi, gateway: Gateway) -> None:
    api.respond(api.custom("POST", "/score"), 200)
    gateway("DEFAULT_4XX", Kind="4xx")
    large = b" " * (10 * 1024 * 1024 + 1)
    assert "kind" not in send(api.deploy(), "POST", "/score", large).headers
    gateway("REQUEST_TOO_LARGE", Kind="large")
    response = send(api.deploy(), "POST", "/score", large)
    assert (response.status, response.headers["kind"]) == (413, "large")


def test_a_deployment_is_a_snapshot_of_gateway_responses(api: CustomApi, gateway: Gateway) -> None:
    base = api.deploy() if api.custom("POST", "/score") else ""
    gateway("DEFAULT_4XX", Kind="4xx")
    assert "kind" not in send(base, "GET", "/nothing").headers


# ---- templates


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.body", '{"a": {"b": [1, {"c": "ü"}]}}'),
        ("$input.json('$.a.b')", '[1, {"c": "ü"}]'),
        ("$input.json('$.missing')", '""'),
        ("$input.path('$.a')", '{b=[1,{"c":"\\u00fc"}]}'),
        ("$input.path('$.a.b[1].c')", "ü"),
        ("$input.json('$.a.b[*].c')", '["ü"]'),
        ("$input.params('q') $input.params('none').", "1 ."),
        ("#foreach($k in $input.params().path.keySet())$k=$input.params().path.get($k)#end", "id=7"),
        ("$util.escapeJavaScript($input.path('$.a.b[1].c'))", "\\u00FC"),
        ("$util.escapeJavaScript(' ')", "{}"),
        ("$util.urlEncode('a b') $util.base64Decode($util.base64Encode('x'))", "a+b x"),
        ("$util.parseJson('{\"x\": 1}').x", "1"),
    ],
)
def test_the_variables_of_templates(template: str, text: str) -> None:
    scope = TemplateScope('{"a": {"b": [1, {"c": "ü"}]}}', {"id": "7"}, {"q": "1"})
    assert scope.render(template) == text


def test_a_template_without_a_body() -> None:
    scope = TemplateScope("")
    assert scope.render("$input.body $input.json('$')") == '{} ""'


@pytest.mark.parametrize("template", ["#if($x)", "$util.parseJson('{')", "#set($x = )"])
def test_a_wrong_template_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        TemplateScope("").render(template)
