"""`builder.when_idle: terminate`: `up` deletes the builder after the installation, and creates it for new libraries."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.projects import ONE_OF_EACH, Project

Inventory = Callable[[str], dict[str, list[str]]]


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    """A deployed stack without its builder, which was deleted after the installation."""
    created = make_project("nobuilder")
    created.config.write_text(created.config.read_text() + "builder: {when_idle: terminate}\n")
    result = created.run("up", "--yes")
    assert "Deleting the builder, its role and its security group" in result.stderr
    assert result.stdout.startswith("POST http://")
    return created


def kinds(held: dict[str, list[str]]) -> dict[str, int]:
    return {kind: len(ids) for kind, ids in held.items() if kind != "interfaces"}


WITHOUT = {
    **{kind: n for kind, n in ONE_OF_EACH.items() if kind not in ("instances", "volumes", "profiles")},
    **{kind: ONE_OF_EACH[kind] - 1 for kind in ("groups", "roles", "policies")},
}


def test_it_is_deleted_and_nothing_is_missing(project: Project, inventory: Inventory) -> None:
    assert kinds(inventory("nobuilder")) == WITHOUT
    assert project.run("plan", "--detailed-exitcode").returncode == 0
    status: Any = project.json("status")
    assert status["missing"] == []


def test_a_lost_state_does_not_bring_it_back(project: Project) -> None:
    (project.state_dir / "nobuilder.local.json").unlink()
    project.run("recover")
    assert project.run("plan", "--detailed-exitcode").returncode == 0


def test_code_is_deployed_without_it_and_new_libraries_by_up(project: Project, inventory: Inventory) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(f"{handler.read_text()}# new\n")
    project.run("deploy")
    requirements = project.home / "lambda_src" / "requirements.txt"
    requirements.write_text(requirements.read_text().replace("==1.0", "==2.0"))
    assert "There is no builder" in project.run("deploy", "--yes", exits=6).stderr
    project.run("up", "--yes")
    assert kinds(inventory("nobuilder")) == WITHOUT
    assert json.loads(project.run("invoke").stdout)["library"] == "2.0"
