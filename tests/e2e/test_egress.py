"""`awsprov egress`: what leaves the functions of one stack, and whether it needs a NAT gateway for that."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.projects import Client, Project
from tests.local.serving.namespaces import LIBC, needs_namespaces

SOURCES = {
    "data": """
import os
import boto3

s3, table = boto3.client("s3"), boto3.resource("dynamodb").Table("egress-scores")

def handler(event, context):
    s3.put_object(Bucket="egress-models", Key="seen", Body=b"1")
    item = table.get_item(Key={"id": "one"})["Item"]
    return {"score": str(item["score"]), "token": os.environ["TOKEN"]}
""",
    "probe": f"""
import contextlib, socket
import boto3
from botocore.config import Config
{LIBC}

def handler(event, context):
    if event.get("tcp"):  # a library that reports its use, and does without
        with contextlib.suppress(OSError):
            socket.create_connection(tuple(event["tcp"]), timeout=0.5).close()
    if event.get("libc"):
        connect(*event["libc"])
    if event.get("lookup"):
        with contextlib.suppress(OSError):
            socket.getaddrinfo(event["lookup"], None)
    if event.get("account"):
        once = Config(read_timeout=2, retries={{"total_max_attempts": 1}})
        return boto3.client("sts", config=once).get_caller_identity()["Account"]
    return {{"sum": sum(event.get("values", []))}}
""",
}


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project], client: Client) -> Project:
    created = make_project("egress")
    for name, source in SOURCES.items():
        (created.home / name).mkdir()
        (created.home / name / "app.py").write_text(source)
    data = {
        "source": "data",
        "handler": "app.handler",
        "timeout": 60,
        "smoke": {"request": {}},
        "secrets": {"TOKEN": "ssm:/egress/token"},
        "permissions": ["s3:PutObject on arn:aws:s3:::egress-models/*", "dynamodb:GetItem on table/egress-scores"],
    }
    probe = {"source": "probe", "handler": "app.handler", "timeout": 60}
    head = created.config.read_text().partition("functions:")[0]
    created.config.write_text(f"{head}functions: {json.dumps({'data': data, 'probe': probe})}\n")
    client("ssm").put_parameter(Name="/egress/token", Type="SecureString", Value="s3cret")
    client("s3").create_bucket(Bucket="egress-models")
    keys: Any = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    keys |= {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
    client("dynamodb").create_table(TableName="egress-scores", BillingMode="PAY_PER_REQUEST", **keys)
    client("dynamodb").put_item(TableName="egress-scores", Item={"id": {"S": "one"}, "score": {"N": "7"}})
    created.run("up", "--yes")
    return created


def probing(home: Path, *records: Any) -> list[str]:
    """The options for requests to `probe`; the other function has its smoke request."""
    file = home / "requests.jsonl"
    file.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return ["--function", "probe", "--requests", str(file)]


def connections(report: Any) -> dict[str, bool]:
    """Return each host and port that `probe` connected to, with whether only the network saw it."""
    (probe,) = [each for each in report["functions"] if each["function"] == "probe"]
    return {f"{each['host']}:{each['port']}": each["compiled"] for each in probe["connections"]}


@needs_namespaces
def test_a_stack_whose_requests_reach_s3_and_dynamodb_only_needs_no_nat_gateway(project: Project) -> None:
    ran = project.run("egress", *probing(project.home, {"values": [1, 2]}))
    report, _, lines = ran.stdout.partition("For config.yaml")
    assert "data: the smoke request" in report
    assert "probe: line 1 of requests.jsonl" in report
    assert "s3 in us-east-1: 1" in report
    assert "dynamodb in us-east-1: 1" in report
    assert "Proven for these requests: no NAT gateway is needed." in report
    assert lines.startswith("; it saves $1.")
    wanted = "network:\n  nat: none\n  endpoints: [s3, dynamodb]\nfunctions:\n  data:\n    secrets_at: deploy\n"
    assert lines.endswith(f"\n\n{wanted}")
    assert "s3cret" not in ran.stdout + ran.stderr


@needs_namespaces
def test_a_connection_that_is_tried_and_not_needed_is_listed(project: Project) -> None:
    hosts = {"tcp": ["example.com", 443]}, {"tcp": ["192.0.2.44", 443]}, {"libc": ["192.0.2.45", 6379]}
    report = project.json("egress", *probing(project.home, *hosts, {"lookup": "pypi.example.org"}))
    expected = {"example.com:443": False, "192.0.2.44:443": False, "192.0.2.45:6379": True}
    assert expected.items() <= connections(report).items()
    assert "pypi.example.org" in report["functions"][1]["lookups"]
    assert report["proven"] is True


@needs_namespaces
def test_a_request_that_needs_another_service_keeps_the_nat_gateway(project: Project) -> None:
    report = project.json("egress", *probing(project.home, {"values": []}, {"account": True}))
    assert (report["passes"], report["proven"], report["saved_a_day"]) == (False, False, None)
    assert report["functions"][1]["changed"][0].startswith("line 2 of requests.jsonl: ReadTimeoutError")
    assert [each["service"] for each in report["functions"][1]["unanswered"]] == ["sts"]
    assert report["configuration"] == ["network:", "  endpoints: [s3, dynamodb]"]


def test_nothing_is_proven_for_a_function_without_requests(project: Project) -> None:
    report = project.json("egress")
    assert report["not_run"] == ["probe"]
    assert (report["proven"], report["configuration"]) == (False, [])


def test_a_request_that_fails_anyway_proves_nothing(project: Project) -> None:
    failed = project.run("egress", *probing(project.home, {"values": 1}), exits=1).stderr
    assert "probe: line 1 of requests.jsonl fails although everything can be reached" in failed


def test_it_needs_the_local_cloud_and_a_request(project: Project) -> None:
    class Away(Project):
        def words(self, *arguments: str) -> list[str]:
            return [word for word in super().words(*arguments) if word != "--local"]

    away = Away(project.home, project.name, project.state_dir)
    assert "`egress` needs --local" in away.run("egress", exits=2).stderr
    assert "There is no request for probe" in project.run("egress", "--function", "probe", exits=2).stderr


def test_the_function_has_its_network_and_variables_afterwards(project: Project) -> None:
    assert project.json("invoke", "{}", "--function", "data")["payload"] == {"score": "7", "token": "s3cret"}


@needs_namespaces
def test_the_stack_that_was_proven_runs_without_a_nat_gateway(project: Project, client: Client) -> None:
    project.edit("libraries:", "network: {nat: none, endpoints: [s3, dynamodb]}\nlibraries:")
    project.edit('"smoke"', '"secrets_at": "deploy", "smoke"')
    project.run("up", "--yes")
    ran = project.run("egress", *probing(project.home, {"values": [1, 2]}))
    assert "Proven for these requests" in ran.stdout
    assert "nothing to change" in ran.stdout
