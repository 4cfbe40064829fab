"""What leaves functions: the record of the local cloud, and what follows from it for config.yaml."""

from typing import Any

import pytest

from awsprov.aws.invocation import InvocationResult
from awsprov.config.fields import UNCHECKED
from awsprov.config.models import Config
from awsprov.errors import AwsprovError
from awsprov.operations.egress import EgressReport, FunctionEgress, check_results, compare_runs, endpoints, proposal
from awsprov.operations.egress_record import AwsCalls, Connections, EgressRecord

S3, TABLES = AwsCalls("s3", "us-east-1", 2), AwsCalls("dynamodb", "us-east-1", 1)
DOCUMENT: dict[str, Any] = {
    "calls": [{"service": "s3", "region": "us-east-1", "count": 2}],
    "unanswered": [{"service": "sts", "region": "us-east-1", "count": 1}],
    "audited": {
        "lookups": [{"name": "example.com", "count": 1}, {"name": "only.example.com", "count": 1}],
        "connections": [{"protocol": "tcp", "host": "example.com", "port": 443, "count": 1}],
    },
    "sent": {
        "lookups": [{"name": "example.com", "count": 1}],
        "connections": [
            {"protocol": "tcp", "host": "example.com", "port": 443, "count": 2},
            {"protocol": "udp", "host": "2001:db8::1", "port": 8125, "count": 3},
        ],
    },
    "libraries": ["/opt/libarrow.so"],
}


def result(payload: bytes = b"1", error: str = "") -> InvocationResult:
    return InvocationResult(payload, error, "", "1", "id")


def config(network: dict[str, Any] | None = None, secrets_at: str = "start", **function: Any) -> Config:
    """A configuration with two functions, without checks of this machine."""
    both = {"a": {**function, "secrets_at": secrets_at}, "b": {}}
    functions = {name: {"source": ".", "handler": "app.handler", **settings} for name, settings in both.items()}
    return Config.model_validate(
        {
            "name": "x",
            "region": "us-east-1",
            "libraries": {"requirements": "requirements.txt"},
            "network": network or {},
            "functions": functions,
        },
        context={UNCHECKED: True},
    )


def report(*calls: AwsCalls, connections: tuple[Connections, ...] = (), changed: tuple[str, ...] = ()) -> EgressReport:
    return EgressReport((FunctionEgress("a", ("the smoke request",), EgressRecord(calls, (), connections), changed),))


def test_what_python_did_not_connect_to_is_compiled_code_s() -> None:
    record = EgressRecord.parse(DOCUMENT)
    assert record.connections == (
        Connections("2001:db8::1", 8125, "udp", 3, compiled=True),
        Connections("example.com", 443, "tcp", 1),
    )
    assert [str(each) for each in record.connections] == ["[2001:db8::1]:8125 (UDP)", "example.com:443"]
    assert record.only_looked_up == ["only.example.com"]


def test_a_second_record_adds_what_the_first_does_not_have() -> None:
    first = EgressRecord((S3,), (), (Connections("example.com", 443, "tcp", 9),))
    both = first.joined(EgressRecord.parse(DOCUMENT))
    assert both.calls == (S3,)
    assert [each.count for each in both.connections] == [3, 9]
    assert [each.service for each in both.unanswered] == ["sts"]


@pytest.mark.parametrize(
    ("host", "of_aws"),
    [
        ("b.s3.amazonaws.com", True),
        ("dynamodb.us-east-1.api.aws", True),
        ("myamazonaws.com", False),
        ("10.0.0.1", False),
    ],
)
def test_hosts_of_aws_are_known(host: str, of_aws: bool) -> None:
    assert Connections(host, 443, "tcp", 1).of_aws is of_aws


def test_a_request_that_changes_is_named_with_what_it_returns() -> None:
    failed = result(b'{"errorType": "Timeout", "errorMessage": "no answer"}', "Unhandled")
    names = ["the smoke request", "line 1 of a.jsonl", "line 2 of a.jsonl", "line 3 of a.jsonl"]
    first = [result(), result(), result(b"at 1"), result()]
    second = [result(), result(), result(b"at 2"), result()]
    without = [result(), failed, result(b"at 3"), result(b"none")]
    found = compare_runs("a", names, (first, second, without), EgressRecord())
    assert found.changed == (
        "line 1 of a.jsonl: Timeout: no answer",
        "line 3 of a.jsonl: it returns something else",
    )


def test_a_request_that_fails_anyway_is_an_error() -> None:
    with pytest.raises(AwsprovError, match="a: second fails although everything can be reached"):
        check_results("a", ["first", "second"], [result(), result(error="Unhandled")])


def test_an_endpoint_is_for_calls_in_the_region_of_the_stack() -> None:
    calls = [AwsCalls("dynamodb", "us-east-1", 1), AwsCalls("s3", "eu-west-1", 1), AwsCalls("sqs", "us-east-1", 1)]
    assert endpoints(config(), calls) == ["dynamodb"]
    assert endpoints(config({"endpoints": ["s3"]}), calls) == ["s3", "dynamodb"]


def test_only_what_differs_from_the_configuration_is_proposed() -> None:
    assert proposal(config(), report(S3, TABLES)) == ["network:", "  nat: none", "  endpoints: [s3, dynamodb]"]
    assert proposal(config({"nat": "none", "endpoints": ["s3"]}), report(S3)) == []
    assert proposal(config({"endpoints": ["dynamodb", "s3"]}), report(S3)) == ["network:", "  nat: none"]
    address = config({"address": "eipalloc-0123456789abcdef0"})
    assert proposal(address, report()) == ["network:", "  nat: none  # and delete `address`"]


def test_secrets_must_be_read_at_deployment() -> None:
    secrets = {"TOKEN": "ssm:/token"}
    lines = ["network:", "  nat: none", "functions:", "  a:", "    secrets_at: deploy"]
    assert proposal(config(secrets=secrets), report()) == lines
    assert proposal(config(secrets=secrets, secrets_at="deploy"), report()) == lines[:2]


def test_a_request_that_changes_keeps_the_gateway_and_gets_its_ports() -> None:
    found = (Connections("db.example.com", 5432, "tcp", 1), Connections("statsd", 8125, "udp", 1))
    changed = report(S3, connections=found, changed=("the smoke request: it returns something else",))
    assert not changed.passes
    assert proposal(config(), changed) == ["network:", "  endpoints: [s3]", "  egress_ports: [443, 5432]"]
    assert proposal(config({"endpoints": ["s3"], "egress_ports": [5432]}), changed) == []


def test_nothing_is_proposed_for_a_network_that_others_use_too() -> None:
    one = EgressReport(report(S3).functions, not_run=("b",))
    assert (one.passes, one.proven, proposal(config(), one)) == (False, False, [])
    existing = config({"subnets": ["subnet-0123456789abcdef0"]})
    assert proposal(existing, report(S3)) == []


def test_without_a_network_of_its_own_nothing_is_proven() -> None:
    observed = EgressReport(report().functions, forbidden="only Linux has network namespaces")
    assert (observed.passes, observed.proven) == (True, False)
