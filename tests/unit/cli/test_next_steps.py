"""The request that `up` and `status` propose: one that the project has, or an empty one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.cli.next_steps import curl_line, request_step
from awsprov.config.loader import load
from awsprov.operations.endpoints import Endpoint
from tests.unit.conftest import PLAIN

URL = "https://x.execute-api.us-east-1.amazonaws.com/prod/predict"


def stack(project: Path, text: str) -> Any:
    """Return a minimal project with this configuration."""
    file = project / "config.yaml"
    file.write_text(text)
    return SimpleNamespace(config=load(file), location=SimpleNamespace(config=file))


def endpoints(method: str = "POST") -> list[Endpoint]:
    return [Endpoint(method, "/predict", "predict", URL)]


@pytest.fixture(autouse=True)
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def test_without_an_example_no_file_is_named_that_does_not_exist(project: Path) -> None:
    command, about = request_step(stack(project, PLAIN), endpoints())
    assert command == "invoke --http '{}'"
    assert about == "send an empty request; @FILE in its place sends a file"


def test_an_example_of_the_project_is_sent(project: Path) -> None:
    (project / "examples").mkdir()
    (project / "examples" / "request.json").write_text("{}")
    assert request_step(stack(project, PLAIN), endpoints()) == (
        "invoke --http @examples/request.json",
        "send a request",
    )
    public = stack(project, f"{PLAIN}api: {{auth: none}}\n")
    assert curl_line(public, endpoints()).endswith("-d @examples/request.json")


@pytest.mark.parametrize(
    ("payload", "request_", "sent"),
    [
        ("body", "{x: 1}", """invoke --http '{"x": 1}'"""),
        ("proxy", """{body: '{"x": 1}'}""", """invoke --http '{"x": 1}'"""),
        ("proxy", "{x: 1}", "invoke --http '{}'"),
    ],
)
def test_the_smoke_request_is_sent_as_the_function_gets_it(
    project: Path, payload: str, request_: str, sent: str
) -> None:
    smoke = f"    payload: {payload}\n    smoke: {{request: {request_}}}\n"
    assert request_step(stack(project, f"{PLAIN}{smoke}"), endpoints())[0] == sent


def test_the_file_of_a_smoke_request_is_named_for_lambda(project: Path) -> None:
    (project / "smoke.json").write_text("{}")
    text = f"{PLAIN}    smoke: {{file: smoke.json}}\n"
    assert request_step(stack(project, text), [])[0] == "invoke @smoke.json"


@pytest.mark.parametrize("method", ["GET", "ANY"])
def test_a_request_without_a_body_has_none(project: Path, method: str) -> None:
    assert request_step(stack(project, PLAIN), endpoints(method)) == ("invoke --http", "send a request")


def test_paths_lead_to_the_project_from_where_the_command_runs(project: Path) -> None:
    (project / "examples").mkdir()
    (project / "examples" / "request.json").write_text("{}")
    found = stack(project, PLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project / "src")
        assert request_step(found, endpoints())[0] == "invoke --http @../examples/request.json"
