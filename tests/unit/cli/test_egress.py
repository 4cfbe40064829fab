"""The report of `egress`, and what it does without the local cloud."""

from pathlib import Path

import pytest

from awsprov.cli.egress_view import report_text
from awsprov.config.models import Config
from awsprov.operations.egress import EgressReport, FunctionEgress
from awsprov.operations.egress_record import AwsCalls, Connections, EgressRecord
from tests.unit.cli.conftest import Call
from tests.unit.operations.test_egress import config

S3, STS = AwsCalls("s3", "us-east-1", 2), AwsCalls("sts", "us-east-1", 1)
COMPILED = Connections("b.s3.amazonaws.com", 443, "tcp", 1, compiled=True)


@pytest.fixture(name="config")
def plain_config() -> Config:
    return config()


def function(record: EgressRecord, *changed: str, requests: int = 1) -> FunctionEgress:
    return FunctionEgress("a", tuple(f"line {n + 1} of a.jsonl" for n in range(requests)), record, changed)


def test_it_needs_the_local_cloud(awsprov: Call, project: Path) -> None:
    result = awsprov("egress")
    assert (result.code, result.out) == (2, "")
    assert "needs --local" in result.err


def test_a_proof_names_its_requests_and_what_it_saves(config: Config) -> None:
    record = EgressRecord((S3,), (), (Connections("example.com", 443, "tcp", 1),), ("only.example.com",))
    text = report_text(config, EgressReport((function(record, requests=2),)), 1.2)
    assert "a: line 1 of a.jsonl, line 2 of a.jsonl" in text
    assert "s3 in us-east-1: 2" in text
    assert "example.com:443: 1" in text
    assert "only.example.com" in text
    assert "Proven for these requests" in text
    assert "What they tried to connect to is not needed." in text
    assert text.endswith("it saves $1.20 a day:\n\nnetwork:\n  nat: none\n  endpoints: [s3]")


def test_many_requests_are_counted(config: Config) -> None:
    text = report_text(config, EgressReport((function(EgressRecord(), requests=40),)), None)
    assert "a: 40 requests, line 1 of a.jsonl to line 40 of a.jsonl" in text
    assert "connections  none" in text
    assert "saves" not in text


def test_a_request_that_changes_is_shown_with_what_got_no_answer(config: Config) -> None:
    record = EgressRecord((STS,), (STS,), (COMPILED,))
    text = report_text(config, EgressReport((function(record, "line 1 of a.jsonl: Timeout"),)), 1.2)
    assert "b.s3.amazonaws.com:443: 1, by compiled code, a host of AWS: give the library AWS_ENDPOINT_URL" in text
    assert "A NAT gateway or NAT instance is needed." in text
    assert "a, line 1 of a.jsonl: Timeout" in text
    assert "a got no answer from sts in us-east-1, b.s3.amazonaws.com:443" in text
    assert "Proven" not in text
    assert "saves" not in text


def test_a_request_that_only_changes_may_use_a_server_of_this_machine(config: Config) -> None:
    text = report_text(config, EgressReport((function(EgressRecord(), "line 1 of a.jsonl: refused"),)), 1.2)
    assert "does it connect to a server on this machine" in text


def test_functions_without_requests_prevent_a_proof(config: Config) -> None:
    text = report_text(config, EgressReport((function(EgressRecord()),), not_run=("b",)), 1.2)
    assert "Not run: b." in text
    assert "Proven" not in text
    assert "nat: none" not in text


def test_without_namespaces_the_report_says_that_it_is_no_proof(config: Config) -> None:
    record = EgressRecord(libraries=("/opt/lib/libarrow.so.1500",))
    report = EgressReport((function(record),), forbidden="only Linux has network namespaces")
    text = report_text(config, report, 1.2)
    assert "Proven" not in text
    assert "This is no proof: only Linux has network namespaces." in text
    assert "libarrow.so.1500" in text
    assert "nat: none" in text


def test_a_configuration_that_has_it_already_needs_no_change() -> None:
    text = report_text(config({"nat": "none"}), EgressReport((function(EgressRecord()),)), 0.0)
    assert "nothing to change" in text


def test_an_existing_network_needs_the_endpoints_itself() -> None:
    record = EgressRecord((S3, STS))
    text = report_text(config({"subnets": ["subnet-1"]}), EgressReport((function(record),)), None)
    assert text.endswith("The existing network needs a gateway endpoint for s3, or another way there.")
