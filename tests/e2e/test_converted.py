"""A typical project, unchanged: Terraform in modules, a handler that takes a dictionary, and old pins."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import LIBRARY, Client, Project, wheel

pytestmark = pytest.mark.xdist_group("payload")

TERRAFORM = Path(__file__).parent / "converted"
HIDDEN = {"aws_access_key": "AKIAABCDEFGHIJKLMNOP", "db_password": "hunter2hunter2", "openai_api_key": "sk-hunter2"}
HANDLER = f"""
import os

import {LIBRARY}

DB_HOST = os.environ["DB_HOST"]
DB_PASSWORD = os.environ["DB_PASSWORD"]
if not os.environ["OPENAI_API_KEY"]:
    raise RuntimeError("the api key must be set")


def lambda_handler(event, context):
    id = event["id"]
    if not isinstance(id, int):
        raise Exception("[400] id must be a number")
    return {{"id": id, "host": DB_HOST, "password": len(DB_PASSWORD), "library": {LIBRARY}.VERSION}}
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project]) -> Project:
    converted = make_project("similarity-lambda")
    shutil.copytree(TERRAFORM, converted.home / "infra")
    wheel(converted.home / "wheels", "2.0")  # newer than the pin
    given = {**HIDDEN, "aws_secret_key": HIDDEN["db_password"] * 3, "db_host": "db.example.com"}
    (converted.home / "infra" / "terraform.tfvars").write_text("".join(f'{key} = "{given[key]}"\n' for key in given))
    source = converted.home / "lambda_src"
    (source / "lambda_function.py").write_text(HANDLER)
    (source / "requirements.txt").write_text(f"--find-links ../wheels\n{LIBRARY}==1.0\n")
    converted.config.unlink()
    return converted


@pytest.fixture(scope="module")
def ended(project: Project) -> Any:
    return project.run("init", "--from-terraform", str(project.home / "infra"), "--yes")


def test_what_cannot_be_converted_is_reported_and_no_value_of_a_secret_is_written(project: Project, ended: Any) -> None:
    text = project.config.read_text()
    for value in HIDDEN.values():
        assert value not in text + ended.stdout + ended.stderr
    for note in ("Python 3.8", "everyone can call it", "new address"):
        assert note in ended.stderr
    for setting in ("timeout: 120", "memory: 2048", "payload: body", "egress_ports: [443, 5432]", "t3.medium"):
        assert setting in text


def test_all_secrets_that_are_missing_are_named_at_once(project: Project, ended: Any, client: Client) -> None:
    refused = project.run("up", "--yes", exits=2).stderr
    assert re.search(r"`awsprov local secret( --[^`]*)?` asks for all", refused)
    for name in ("/similarity-lambda/db-password", "/similarity-lambda/openai-api-key"):
        assert re.search(rf"`awsprov local secret .*ssm:{name} < FILE`", refused)
        client("ssm").put_parameter(Name=name, Type="SecureString", Value=HIDDEN["db_password"])


def test_it_is_created_and_answers_in_both_ways(project: Project, ended: Any) -> None:
    created = project.run("up", "--yes")
    assert "may run for 120 s, but the API waits for 29 s" in created.stderr
    answer = {"id": 3, "host": "db.example.com", "password": len(HIDDEN["db_password"]), "library": "1.0"}
    for way in ([], ["--http"]):
        assert json.loads(project.run("invoke", *way, '{"id": 3}').stdout) == answer
    refused = project.end("invoke", "--http", '{"id": "three"}')
    assert (refused.returncode, json.loads(refused.stdout)) == (1, {"message": "[400] id must be a number"})


def test_changed_code_is_deployed_and_all_is_deleted(
    project: Project, ended: Any, inventory: Callable[[str], dict[str, list[str]]]
) -> None:
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(handler.read_text().replace('"id": id', '"id": -id'))
    project.run("deploy", "--yes")
    assert json.loads(project.run("invoke", "--http", '{"id": 3}').stdout)["id"] == -3
    project.run("down", "--yes")
    assert inventory(project.name) == {}
