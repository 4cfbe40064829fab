"""The other kinds of API: with an API key, an HTTP API, without authorization; and two stacks at once on one cloud."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from awsprov.aws.http import http
from tests.e2e.projects import Project

pytestmark = pytest.mark.xdist_group("apis")

Inventory = Callable[[str], dict[str, list[str]]]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    return make_project("apis")


def test_an_api_key_is_required(project: Project) -> None:
    project.config.write_text(project.config.read_text() + "api: {auth: api_key, cors_origin: https://example.com}\n")
    created = project.run("up", "--yes")
    assert "Warning: the API answers anyone with the API key" in created.stderr
    url = created.stdout.split()[1]
    assert http("POST", url, b"{}").status == 403
    assert json.loads(project.run("invoke", "--http").stdout)["library"] == "1.0"
    preflight = http("OPTIONS", url)
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == "https://example.com"
    assert preflight.headers["access-control-allow-methods"] == "POST,OPTIONS"


def test_a_rest_api_becomes_an_http_api(project: Project, inventory: Inventory) -> None:
    project.edit("auth: api_key", "type: http")
    url = project.run("up", "--yes").stdout.split()[1]
    found = inventory("apis")
    assert len(found["http apis"]) == 1
    assert not {"rest apis", "api keys", "usage plans"} & set(found)
    assert http("POST", url, b"{}").status == 403
    assert json.loads(project.run("invoke", "--http").stdout)["library"] == "1.0"
    assert project.json("up", "--yes")["mutations"] == 0


def test_an_open_api_must_be_requested_and_is_a_warning(project: Project) -> None:
    project.edit("type: http", "type: http, auth: none")
    assert "Warning: the API answers anyone" in project.run("plan").stdout
    url = project.run("up", "--yes").stdout.split()[1]
    assert http("POST", url, b"{}").status == 200


def test_a_path_variable_can_be_renamed(project: Project) -> None:
    """API Gateway refuses two names in one place, so the old one is deleted first."""
    project.edit("routes: [POST /answer]", "routes: [POST /answer, 'POST /answer/{id}', 'POST /answer/{id}/again']")
    for old, new in (("", ""), ("{id}", "{item}"), ("type: http", "type: rest"), ("{item}", "{id}")):
        project.edit(old, new)
        urls = [line.split()[1] for line in project.run("up", "--yes").stdout.splitlines() if line.startswith("POST ")]
        project.run("plan", "--detailed-exitcode")
        assert len(urls) == 3
        for url in urls:
            assert http("POST", re.sub(r"\{.*?\}", "7", url), b"{}").status == 200
    project.edit("routes: [POST /answer, 'POST /answer/{id}', 'POST /answer/{id}/again']", "routes: [POST /answer]")
    project.edit("type: rest", "type: http")
    project.run("up", "--yes")


def test_two_stages_stand_side_by_side(project: Project, inventory: Inventory) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda options: project.run("up", "--yes", *options), ([], ["--stage", "other"])))
    assert len(inventory("apis-other")["functions"]) == 1
    project.run("down", "--yes", "--stage", "other")
    assert inventory("apis-other") == {}
    assert json.loads(project.run("invoke").stdout)["library"] == "1.0"
    project.run("down", "--yes")
    assert inventory("apis") == {}
