"""Recordings of what leaves a function: with all connections possible, and where only the cloud answers."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.conftest import LocalCloud
from tests.local.serving.conftest import Lambda
from tests.local.serving.namespaces import LIBC, needs_namespaces

HANDLER = f"""
import os, socket
import boto3
{LIBC}

def attempt(function, *arguments, **options):
    try:
        function(*arguments, **options)
        return "connected"
    except OSError as error:
        return type(error).__name__

def handler(event, context):
    what = event["what"]
    if what == "aws":
        boto3.client("s3").list_buckets()
        boto3.client("dynamodb", region_name="eu-west-1").list_tables()
        return os.environ.get("MINE")
    if what == "call":
        from botocore.config import Config
        once = Config(connect_timeout=1, read_timeout=1, retries={{"total_max_attempts": 1}})
        try:
            getattr(boto3.client(event["service"], region_name=event["region"], config=once), event["method"])()
            return "answered"
        except Exception as error:
            return type(error).__name__
    if what == "tcp":
        return attempt(socket.create_connection, (event["host"], event["port"]), timeout=0.3)
    if what == "udp":
        connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return connection.sendto(b"x", (event["host"], event["port"]))
    if what == "lookup":
        return bool(socket.getaddrinfo(event["host"], None))
    if what == "libc":
        return connect(event["host"], event["port"])
    if what == "libc-lookup":
        return look_up(event["host"])
    if what == "load":  # awslambdaric's client, which links sockets, under another name
        import runtime_client, shutil
        copy = os.path.join(os.environ["TMPDIR"], event["name"])
        ctypes.CDLL(shutil.copy(runtime_client.__file__, copy))
        return copy
    if what == "user":
        return [os.getuid(), os.getpid() == os.getpgid(0)]
"""


class Recorded:
    """One function, `egress`, with recordings."""

    def __init__(self, cloud: LocalCloud, functions: Lambda) -> None:
        self._cloud, self._functions = cloud, functions
        self.arn = functions.client.get_function(FunctionName="egress")["Configuration"]["FunctionArn"]

    def start(self, mode: str, services: list[str] | None = None, **variables: str | None) -> None:
        body: Any = {"mode": mode, "services": services or [], "variables": variables, "seconds": 120}
        self._cloud.admin("POST", "recordings", function=self.arn, **body)

    def do(self, what: str, **event: Any) -> Any:
        response = self._functions.invoke("egress", {"what": what, **event})
        assert "FunctionError" not in response, response["Payload"]
        return response["Payload"]

    @property
    def document(self) -> Any:
        return self._cloud.admin("GET", "recordings", function=self.arn)

    def connections(self, part: str) -> set[tuple[str, str, int]]:
        return {(each["protocol"], each["host"], each["port"]) for each in self.document[part]["connections"]}

    def lookups(self, part: str) -> set[str]:
        return {each["name"] for each in self.document[part]["lookups"]}

    def end(self) -> None:
        self._cloud.admin("DELETE", "recordings", function=self.arn)


@pytest.fixture(scope="module")
def function(cloud: LocalCloud, role: str) -> Iterator[Lambda]:
    lambda_ = Lambda(cloud, role, cloud.client("lambda"))
    cloud.client("iam").attach_role_policy(
        RoleName=role.rpartition("/")[2], PolicyArn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
    )
    cloud.client("iam").attach_role_policy(
        RoleName=role.rpartition("/")[2], PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )
    lambda_.create("egress", HANDLER, Timeout=10, Environment={"Variables": {"MINE": "yes"}})
    yield lambda_
    lambda_.client.delete_function(FunctionName="egress")


@pytest.fixture
def recorded(cloud: LocalCloud, function: Lambda) -> Iterator[Recorded]:
    created = Recorded(cloud, function)
    yield created
    created.end()


def test_calls_are_counted_by_the_scope_of_their_signature(recorded: Recorded) -> None:
    recorded.start("open")
    assert recorded.do("aws") == "yes"
    assert recorded.document["calls"] == [
        {"service": "dynamodb", "region": "eu-west-1", "count": 1},
        {"service": "s3", "region": "us-east-1", "count": 1},
    ]
    assert recorded.document["unanswered"] == []


def test_connections_of_python_code_are_recorded_where_everything_answers(recorded: Recorded) -> None:
    recorded.start("open")
    recorded.do("tcp", host="192.0.2.7", port=5432)
    recorded.do("lookup", host="localhost")
    assert recorded.connections("audited") == {("tcp", "192.0.2.7", 5432)}
    assert recorded.lookups("audited") == set()
    assert recorded.document["sent"] == {"lookups": [], "connections": []}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_library_that_links_sockets_is_named(recorded: Recorded) -> None:
    recorded.start("open")
    recorded.do("aws")
    assert recorded.document["libraries"] == []
    loaded = recorded.do("load", name="libtelemetry.so")
    assert recorded.document["libraries"] == [loaded]


@needs_namespaces
def test_only_the_services_of_the_network_answer(recorded: Recorded) -> None:
    recorded.start("namespace", ["s3"], MINE=None)
    assert recorded.do("call", service="s3", region="us-east-1", method="list_buckets") == "answered"
    assert recorded.do("call", service="s3", region="eu-west-1", method="list_buckets") == "ReadTimeoutError"
    assert recorded.do("call", service="dynamodb", region="us-east-1", method="list_tables") == "ReadTimeoutError"
    assert [(each["service"], each["region"]) for each in recorded.document["unanswered"]] == [
        ("dynamodb", "us-east-1"),
        ("s3", "eu-west-1"),
    ]


@needs_namespaces
def test_a_connection_by_name_and_by_address_is_recorded_and_gets_no_answer(recorded: Recorded) -> None:
    recorded.start("namespace")
    assert recorded.do("tcp", host="example.com", port=443) == "TimeoutError"
    assert recorded.do("tcp", host="93.184.215.14", port=443) == "TimeoutError"
    assert recorded.do("udp", host="192.0.2.8", port=8125) == 1
    assert recorded.do("tcp", host="2001:db8::1", port=5432) == "ConnectionRefusedError"
    reached = {("tcp", "example.com", 443), ("tcp", "93.184.215.14", 443), ("udp", "192.0.2.8", 8125)}
    assert recorded.connections("sent") == reached | {("tcp", "2001:db8::1", 5432)}
    assert recorded.connections("audited") == recorded.connections("sent")
    assert recorded.lookups("sent") == {"example.com"}


@needs_namespaces
def test_compiled_code_is_recorded_by_the_network_only(recorded: Recorded) -> None:
    recorded.start("namespace")
    recorded.do("libc", host="203.0.113.9", port=6379)
    assert recorded.do("libc-lookup", host="telemetry.example.org") == 0
    assert recorded.connections("sent") == {("tcp", "203.0.113.9", 6379)}
    assert recorded.lookups("sent") == {"telemetry.example.org"}
    assert (recorded.connections("audited"), recorded.lookups("audited")) == (set(), set())


@needs_namespaces
def test_a_lookup_is_answered_although_nothing_is_connected(recorded: Recorded) -> None:
    recorded.start("namespace")
    assert recorded.do("lookup", host="pypi.example.org") is True
    assert recorded.lookups("sent") == {"pypi.example.org"}
    assert recorded.connections("sent") == set()


@needs_namespaces
def test_a_worker_inside_is_the_same_user_and_leads_its_own_group(recorded: Recorded) -> None:
    outside = recorded.do("user")
    recorded.start("namespace")
    assert recorded.do("user") == outside
    assert recorded.document["sent"] == {"lookups": [], "connections": []}


def test_without_namespaces_python_code_is_refused(recorded: Recorded) -> None:
    recorded.start("audit-events", ["s3"])
    assert recorded.do("call", service="s3", region="us-east-1", method="list_buckets") == "answered"
    assert recorded.do("tcp", host="192.0.2.7", port=443) == "TimeoutError"
    assert recorded.connections("audited") == {("tcp", "192.0.2.7", 443)}


def test_after_a_recording_everything_is_as_before(recorded: Recorded) -> None:
    recorded.start("audit-events", MINE="no")
    recorded.end()
    assert recorded.do("aws") == "yes"


def test_an_unknown_mode_is_an_error(recorded: Recorded) -> None:
    with pytest.raises(Exception, match="Unknown mode 'some'"):
        recorded.start("some")
