"""A handler that takes a plain dictionary, behind an API with `payload: body`, as a page in a browser sees it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from awsprov.aws.http import HttpResponse, http
from tests.e2e.projects import LIBRARY, Client, Project

pytestmark = pytest.mark.xdist_group("payload")

ORIGIN = "https://shop.example.com"
PLAIN_HANDLER = f"""
import os, sys, time
import {LIBRARY}

class NotFound(LookupError):
    pass

def lambda_handler(event, context):
    kind = event.get("kind")
    if kind == "rejected":
        raise ValueError("[400] no id\\nin the request")
    if kind == "missing":
        raise NotFound(event["id"])
    if kind == "silent":
        raise RuntimeError
    if kind == "slow":
        time.sleep(30)
    if kind == "crash":
        os._exit(3)
    return {{"id": event["id"], "page": event.get("page", "1"), "library": {LIBRARY}.VERSION}}
"""
CONFIG = f"""
name: payload
region: us-east-1
network: {{nat: none}}
libraries: {{requirements: lambda_src/requirements.txt, python: "3.12"}}
functions:
  answer:
    source: lambda_src
    handler: lambda_function.lambda_handler
    memory: 256
    timeout: 3
    payload: body
    errors: {{400: '(?s)^\\[400\\].*', 404: [LookupError]}}
    routes: [POST /answer]
  item:
    source: lambda_src
    handler: lambda_function.lambda_handler
    memory: 256
    payload: body
    event: {{id: path.id, page: query.page}}
    routes: ['GET /items/{{id}}']
api: {{auth: none, cors_origin: '{ORIGIN}'}}
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    created = make_project("payload")
    created.config.write_text(CONFIG)
    (created.home / "lambda_src" / "lambda_function.py").write_text(PLAIN_HANDLER)
    return created


@pytest.fixture(scope="module")
def urls(project: Project) -> Any:
    return project.json("up", "--yes")["urls"]


def from_a_page(method: str, url: str, body: Any = None, media_type: str = "application/json") -> HttpResponse:
    """Send a request as a browser does for a page of ORIGIN, which may read the response."""
    content = b"" if body is None else json.dumps(body).encode()
    response = http(method, url, content, {"origin": ORIGIN, "content-type": media_type})
    assert response.headers["access-control-allow-origin"] == ORIGIN
    return response


def test_the_body_is_the_event_and_the_result_the_response(urls: Any, project: Project) -> None:
    url = urls["POST /answer"]
    preflight = http("OPTIONS", url, b"", {"origin": ORIGIN, "access-control-request-method": "POST"})
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    answer = from_a_page("POST", url, {"id": "a"})
    assert (answer.status, json.loads(answer.body)) == (200, {"id": "a", "page": "1", "library": "1.0"})
    assert project.json("up", "--yes")["mutations"] == 0


@pytest.mark.parametrize(
    ("event", "status", "message"),
    [
        ({"kind": "rejected"}, 400, "[400] no id\nin the request"),
        ({"kind": "missing", "id": "x"}, 404, "LookupError: x"),
        ({"kind": "silent"}, 500, "Internal server error"),
        ({}, 404, "LookupError: 'id'"),  # a KeyError is a LookupError
        ({"kind": "slow"}, 500, "Internal server error"),
        ({"kind": "crash"}, 500, "Internal server error"),
    ],
)
def test_an_error_has_a_status_and_the_page_may_read_it(
    urls: Any, event: dict[str, str], status: int, message: str
) -> None:
    response = from_a_page("POST", urls["POST /answer"], event)
    assert (response.status, json.loads(response.body)) == (status, {"message": message})


def test_the_page_may_read_the_errors_of_the_api_itself(urls: Any) -> None:
    url = urls["POST /answer"]
    assert from_a_page("GET", url).status == 403
    assert from_a_page("POST", url.removesuffix("/answer") + "/nothing", {}).status == 403
    assert http("POST", url, b"{", {"content-type": "application/json"}).status == 400
    assert from_a_page("GET", urls["GET /items/{id}"].replace("{id}", "7"), media_type="text/plain").status == 415


def test_a_get_request_is_mapped_to_the_event(urls: Any, project: Project) -> None:
    url = urls["GET /items/{id}"].replace("{id}", "it%27s")
    assert json.loads(from_a_page("GET", f"{url}?page=2").body) == {"id": "it's", "page": "2", "library": "1.0"}
    assert json.loads(from_a_page("GET", url).body)["page"] == "1"
    sent = project.run("invoke", "--http", "-n", "item", "--route", "GET /items/{id}", "--path", "id=7")
    assert json.loads(sent.stdout)["id"] == "7"


def test_invoke_works_in_both_ways(urls: Any, project: Project) -> None:
    for way in ([], ["--http"]):
        assert json.loads(project.run("invoke", *way, "-n", "answer", '{"id": "b"}').stdout)["id"] == "b"
        assert project.end("invoke", *way, "-n", "answer", '{"kind": "silent"}').returncode == 1


def test_explain_checks_the_integration(urls: Any, project: Project, client: Client) -> None:
    def failed() -> str | None:
        found = json.loads(project.end("explain", "-n", "answer", "--json").stdout)["failed"]
        return str(found) if found else None

    assert failed() in (None, "handler")  # the requests of other tests that end with 500
    api, resource, verb = project.state()["resources"]["POST /answer"]["id"].split("/")
    gateway = client("apigateway")
    gateway.delete_integration_response(restApiId=api, resourceId=resource, httpMethod=verb, statusCode="500")
    assert failed() == "API"
    project.run("up", "--yes")
    assert failed() in (None, "handler")


def test_an_error_that_the_api_maps_is_no_failure(urls: Any, project: Project) -> None:
    def failures() -> int:
        return len(project.json("status")["functions"]["answer"]["failures"])

    before = failures()
    for kind, status in (("rejected", 400), ("missing", 404)):
        assert from_a_page("POST", urls["POST /answer"], {"id": "a", "kind": kind}).status == status
    assert from_a_page("POST", urls["POST /answer"], {"id": "a", "kind": "silent"}).status == 500
    assert failures() == before + 1


def test_a_failed_import_is_500(urls: Any, project: Project, inventory: Callable[[str], dict[str, list[str]]]) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace("def lambda_handler", "raise ValueError\n\ndef lambda_handler"))
    text = project.config.read_text()
    project.config.write_text(text.replace("    routes:", "    start_check: false\n    routes:"))
    project.run("deploy", "--yes")
    response = from_a_page("POST", urls["POST /answer"], {"id": "a"})
    assert (response.status, json.loads(response.body)) == (500, {"message": "Internal server error"})
    project.run("down", "--yes")
    assert inventory("payload") == {}
