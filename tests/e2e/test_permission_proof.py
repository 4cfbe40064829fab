"""`awsprov policy --prove`: three functions of one stack, which need a model in S3, a table of scores, and nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import Client, Project

SOURCES = {
    "model": """
import os
import boto3

s3 = boto3.client("s3")
MODEL = s3.get_object(Bucket="proof-models", Key="v1/model.json")["Body"].read().decode()
try:
    s3.list_buckets()
except Exception:
    pass

def handler(event, context):
    return {"model": MODEL, "of": event.get("of")}
""",
    "scores": """
import time
import boto3

table = boto3.resource("dynamodb").Table("scores")

def handler(event, context):
    item = table.get_item(Key={"id": event["id"]})["Item"]
    if event.get("write"):
        table.put_item(Item={"id": "other", "score": 1})
    return {"score": str(item["score"]), "time": time.time()}
""",
    "plain": """
def handler(event, context):
    return {"sum": sum(event.get("values", []))}
""",
}


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project], client: Client) -> Project:
    """A stack whose first function could not start, as it may not read its model."""
    created = make_project("proof")
    for name, source in SOURCES.items():
        (created.home / name).mkdir()
        (created.home / name / "app.py").write_text(source)
    functions = "".join(
        f"  {name}: {{source: {name}, handler: app.handler, timeout: 20{more}}}\n"
        for name, more in (("model", ', smoke: {request: {of: "smoke"}}'), ("scores", ""), ("plain", ""))
    )
    created.config.write_text(created.config.read_text().partition("functions:")[0] + f"functions:\n{functions}")
    client("s3").create_bucket(Bucket="proof-models")
    client("s3").put_object(Bucket="proof-models", Key="v1/model.json", Body=b"{}")
    keys: Any = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    keys |= {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    client("dynamodb").create_table(TableName="scores", BillingMode="PAY_PER_REQUEST", **keys)
    client("dynamodb").put_item(TableName="scores", Item={"id": {"S": "one"}, "score": {"N": "7"}})
    refused = created.end("up", "--yes")
    assert refused.returncode
    assert "not authorized to perform: s3:GetObject" in refused.stderr
    assert "Allow its role s3:GetObject (functions.model.permissions):" in refused.stderr
    return created


def requests(home: Path, *records: Any) -> list[str]:
    file = home / "requests.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return ["--requests", str(file)]


def test_the_model_is_needed_and_what_the_handler_does_without_is_not(project: Project) -> None:
    proof = project.json("policy", "--prove", "--function", "model")
    assert proof["permissions"] == ["s3:GetObject on arn:aws:s3:::proof-models/v1/model.json"]
    assert [each["action"] for each in proof["unneeded"]] == ["s3:ListAllMyBuckets"]
    assert proof["runs"] == 5


def test_the_actions_on_a_table_are_one_line(project: Project) -> None:
    records = requests(project.home, {"id": "one"}, {"id": "one", "write": True})
    proved = project.run("policy", "--prove", "--function", "scores", *records)
    assert proved.stdout == "    permissions:\n      - dynamodb:GetItem,PutItem on table/scores\n"
    assert "without dynamodb:PutItem on " in proved.stderr
    assert "a request fails or changes" in proved.stderr
    only_reads = requests(project.home, {"id": "one"})
    assert project.json("policy", "--prove", "--function", "scores", *only_reads)["permissions"] == [
        "dynamodb:GetItem on table/scores"
    ]


def test_plan_warns_of_a_permission_that_the_proof_did_not_need(project: Project) -> None:
    project.edit("source: scores,", 'source: scores, permissions: ["dynamodb:GetItem,DeleteItem on table/scores"],')
    warnings = [each for each in project.json("plan")["remarks"] if "functions.scores.permissions" in each]
    assert len(warnings) == 1
    assert "allows dynamodb:DeleteItem on table/scores, which no request of its last proof" in warnings[0]


def test_a_function_that_calls_nothing_needs_nothing(project: Project) -> None:
    records = requests(project.home, {"values": [1, 2]})
    assert project.run("policy", "--prove", "--function", "plain", *records).stdout == "    permissions: []\n"


def test_the_function_has_the_permissions_of_its_role_afterwards(project: Project) -> None:
    failed = project.end("invoke", '{"id": "one"}', "--function", "scores")
    assert "not authorized to perform: dynamodb:GetItem" in failed.stdout + failed.stderr


def test_what_cannot_be_proven_is_reported_with_the_reason(project: Project) -> None:
    assert "no request for plain" in project.run("policy", "--prove", "--function", "plain", exits=2).stderr
    records = requests(project.home, {"id": "unknown"})
    failed = project.run("policy", "--prove", "--function", "scores", *records, exits=1).stderr
    assert "Request 1 fails with all permissions" in failed


def test_a_proof_needs_the_local_cloud(project: Project) -> None:
    class Away(Project):
        def words(self, *arguments: str) -> list[str]:
            return [word for word in super().words(*arguments) if word != "--local"]

    away = Away(project.home, project.name, project.state_dir)
    assert "--prove needs --local" in away.run("policy", "--prove", exits=2).stderr
    assert "need --prove" in away.run("policy", "--function", "plain", exits=2).stderr
