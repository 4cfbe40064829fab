"""The life of a stack from the first `up` to `down`, in the order of a user's commands."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from awsprov import local
from awsprov.aws.http import http
from tests.e2e.projects import LIBRARY, ONE_OF_EACH, Project

pytestmark = pytest.mark.life

Inventory = Callable[[str], dict[str, list[str]]]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack."""
    created = make_project("life")
    created.first = created.run("up", "--yes")  # type: ignore[attr-defined]
    return created


def answer(project: Project, *arguments: str) -> Any:
    return json.loads(project.run("invoke", *arguments).stdout)


def store_secret(project: Project, reference: str, value: str) -> None:
    """Store a secret as `awsprov local secret` does."""
    running = local.find(project.state_dir / "local")
    assert running
    running.store_secret("us-east-1", reference, value)
    assert running.has_secret("us-east-1", reference)
    assert not running.has_secret("us-east-1", f"{reference}-missing")


def test_up_makes_exactly_one_of_each(project: Project, inventory: Inventory) -> None:
    found = inventory("life")
    assert {kind: len(ids) for kind, ids in found.items() if kind != "interfaces"} == ONE_OF_EACH


def test_up_prints_the_url_and_nothing_else_on_stdout(project: Project) -> None:
    first = project.first  # type: ignore[attr-defined]
    assert re.fullmatch(r"POST http://127\.0\.0\.1:\d+/_aws/execute-api/\w+/prod/answer\n", first.stdout)
    assert "Done: " in first.stderr


def test_a_second_up_changes_nothing(project: Project) -> None:
    summary = project.json("up", "--yes")
    assert summary["mutations"] == 0
    assert summary["changes"] == {
        "create": 0,
        "change": 0,
        "replace": 0,
        "delete": 0,
        "keep": summary["changes"]["keep"],
    }
    assert "No changes" in project.run("up", "--yes").stderr
    project.run("plan", "--detailed-exitcode")


def test_the_library_is_imported_from_the_file_system(project: Project) -> None:
    over_http = answer(project, "--http")
    assert over_http["library"] == "1.0"
    assert f"/awsprov/{environment(project)}/{LIBRARY}/" in over_http["from"]  # out of the start pack
    assert answer(project)["library"] == "1.0"


def environment(project: Project) -> str:
    return str(project.state()["resources"]["libraries"]["id"])


def test_an_unsigned_request_is_refused(project: Project) -> None:
    url = project.json("up", "--yes")["urls"]["POST /answer"]
    assert http("POST", url, b"{}").status == 403


def test_a_failing_function_fails_the_command_and_shows_its_log(project: Project) -> None:
    failed = project.run("invoke", '{"fail": true}', exits=1)
    assert json.loads(failed.stdout)["errorMessage"] == "asked to fail"
    assert "asked to fail" in failed.stderr


def test_logs_show_what_the_function_printed(project: Project) -> None:
    answer(project)
    assert "answering 1.0" in project.run("logs", "--since", "1h").stdout
    events = [json.loads(line) for line in project.run("logs", "--json").stdout.splitlines()]
    assert any("answering" in event["message"] for event in events)


def test_status_shows_the_resources_and_their_states(project: Project) -> None:
    document = project.json("status")
    names = {resource["name"] for resource in document["resources"]}
    assert {"vpc", "nat-gateway-1", "file-system", "builder", "answer", "api"} <= names
    assert document["states"]["builder"] == "stopped"
    assert document["states"]["answer"].endswith("active")


def test_ssh_runs_a_command_where_the_libraries_are_mounted(project: Project) -> None:
    listed = project.run("ssh", "--", "ls", "efs/envs")
    assert listed.stdout.split() == [environment(project)]
    assert project.run("ssh", "--", "exit", "3", exits=3)
    assert project.json("status")["states"]["builder"] in ("stopping", "stopped")


def test_a_deploy_without_a_change_does_nothing(project: Project) -> None:
    assert project.json("deploy")["changed"] is False


def test_a_deploy_publishes_new_code_and_moves_the_alias(project: Project) -> None:
    before = answer(project)["version"]
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace('"version":', '"news": True, "version":'))
    assert project.json("deploy")["changed"] is True
    after = answer(project)
    assert after["news"] is True
    assert int(after["version"]) == int(before) + 1
    project.run("plan", "--detailed-exitcode")


def test_changed_variables_and_memory_are_changed_in_place(project: Project, client: Callable[[str], Any]) -> None:
    project.edit("{LEVEL: low}", "{LEVEL: high}")
    project.edit("memory: 256", "memory: 512")
    shown = project.run("plan", "--detailed-exitcode", exits=7).stdout
    assert "memory: 256 → 512" in shown
    assert "high" not in shown
    project.run("up", "--yes")
    assert answer(project)["level"] == "high"
    assert client("lambda").get_function_configuration(FunctionName="life-answer")["MemorySize"] == 512


def test_secrets_are_read_by_the_function_and_kept_nowhere(project: Project, client: Callable[[str], Any]) -> None:
    project.edit("    routes:", "    secrets: {SECRET: ssm:/life/secret}\n    routes:")
    missing = project.run("up", "--yes", exits=2)
    assert "ssm:/life/secret` does not exist" in missing.stderr
    assert re.search(r"awsprov local secret .*ssm:/life/secret", missing.stderr)
    for value in ("first", "hush-hush-sentinel"):
        store_secret(project, "ssm:/life/secret", value)
        store_secret(project, "secretsmanager:life/other", value)
    assert client("secretsmanager").get_secret_value(SecretId="life/other")["SecretString"] == "hush-hush-sentinel"
    result = project.run("up", "--yes", "-v")
    assert answer(project)["secret"] == "hush-hush-sentinel"
    kept = "".join(path.read_text() for path in project.state_dir.glob("life*") if path.is_file())
    assert "hush-hush" not in kept + result.stdout + result.stderr
    variables = client("lambda").get_function_configuration(FunctionName="life-answer")["Environment"]["Variables"]
    assert "hush-hush" not in json.dumps(variables)


def test_a_requirement_that_cannot_be_installed_leaves_the_live_function_alone(project: Project) -> None:
    requirements = project.home / "lambda_src" / "requirements.txt"
    good = requirements.read_text()
    published, version = environment(project), answer(project)["version"]
    requirements.write_text(good.replace("==1.0", "==9.9"))
    stale = project.run("up", "--yes", "--locked", exits=8)
    assert "life.libraries.lock is stale" in stale.stderr
    assert f"awsprov lock --config {project.config} --state-dir {project.state_dir} --local" in stale.stderr
    failed = project.run("deploy", "--yes", exits=1)
    assert f"no version of {LIBRARY.replace('_', '-')}==9.9" in failed.stderr
    assert "Nothing was changed" in failed.stderr
    assert answer(project)["version"] == version
    assert project.run("ssh", "--", "ls", "-A", "efs/envs").stdout.split() == [published]
    requirements.write_text(good)
    project.run("up", "--yes")


def test_new_libraries_are_a_new_environment_beside_the_old(project: Project) -> None:
    requirements = project.home / "lambda_src" / "requirements.txt"
    old = environment(project)
    requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))
    assert project.json("lock")["changes"] == [f"~ {LIBRARY.replace('_', '-')} 1.0 → 2.0"]
    project.run("deploy")
    assert answer(project)["library"] == "2.0"
    assert set(project.run("ssh", "--", "ls", "efs/envs").stdout.split()) == {old, environment(project)}


def test_down_deletes_everything(project: Project, inventory: Inventory) -> None:
    refused = project.run("down", exits=8)
    assert "--confirm life" in refused.stderr
    outcome = project.run("down", "--confirm", "life")
    assert re.search(r"^Deleted 3\d resources in .* 0 remain\.", outcome.stdout)
    assert inventory("life") == {}
    assert not (project.state_dir / "life.local.json").exists()


def test_down_and_status_of_nothing(project: Project) -> None:
    assert "Stack life does not exist" in project.run("down", "--yes").stdout
    assert "Stack life does not exist" in project.run("status", exits=6).stderr
