"""Every response from outside: of AWS, of the builder's console and SSH session, of a function over HTTP."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.endpoint
import paramiko
import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import strategies as st

from awsprov.aws import invocation, log_query
from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, explain
from awsprov.aws.failed_requests import FailedRequest
from awsprov.cli.error_view import text
from awsprov.errors import AwsprovError
from awsprov.operations.api_log import _failure
from awsprov.operations.endpoints import Endpoint
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.install_progress import InstallProgress
from awsprov.resources.compute.host_keys import printed_host_keys
from awsprov.resources.function.corrections import own_file
from awsprov.resources.policy_text import policy_document
from awsprov.ssh.client import _lines
from awsprov.ssh.login import SshTarget, _client
from tests.fuzz.budget import fuzz, mutated, mutated_json
from tests.unit.endpoint import Sleepless

TERMINAL = [b"\x1b[2J", b"\x1b]0;x\x07", b"\x9b1m", b"\r", b"\n", b"\0", "\u202e".encode(), b"\xff", b"x" * 100]

# ---- AWS: any status and any body, for a call of each protocol

Call = Callable[[Aws], Any]
CALLS: list[Call] = [
    lambda aws: aws.ec2.describe_vpcs()["Vpcs"],
    lambda aws: aws.iam.list_roles()["Roles"],
    lambda aws: aws.sts.get_caller_identity()["Account"],
    lambda aws: aws.efs.describe_file_systems()["FileSystems"],
    lambda aws: aws.lambda_.get_account_settings()["AccountLimit"],
    lambda aws: aws.logs.describe_log_groups()["logGroups"],
    lambda aws: aws.apigateway.get_rest_apis()["items"],
    lambda aws: aws.apigatewayv2.get_apis()["Items"],
]
READ = {"Vpcs", "Roles", "Account", "FileSystems", "AccountLimit", "logGroups", "items", "Items"}
XML = (
    b'<?xml version="1.0"?><DescribeVpcsResponse><requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId>'
    b"<isDefault>true</isDefault></item></vpcSet><Errors><Error><Code>c</Code><Message>m</Message></Error></Errors>"
    b"<Error><Code>c</Code></Error><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
    b"<ListRolesResult><Roles><member><RoleName>r</RoleName><CreateDate>2020-01-01</CreateDate></member></Roles>"
    b"</ListRolesResult></DescribeVpcsResponse>"
)
JSON = {
    "FileSystems": [{"FileSystemId": "fs-1", "SizeInBytes": {"Value": 1}, "CreationTime": 1.0, "Tags": [{"Key": "a"}]}],
    "AccountLimit": {"ConcurrentExecutions": 10}, "logGroups": [{"logGroupName": "x", "creationTime": 1}],
    "items": [{"id": "a", "createdDate": "2020-01-01", "tags": {"a": "b"}}], "Items": [{"ApiId": "a"}], "item": [],
    "message": "m", "__type": "x#Y", "Message": "m", "code": "c", "Code": "d", "Type": "User",
}  # fmt: skip
bodies = st.one_of(mutated(XML, [b"<", b">", b"&x;", b"</item>", b"<item/>", b"true", b"-"]), mutated_json(JSON))
responses = st.tuples(
    st.sampled_from(CALLS),
    st.sampled_from([200, 200, 200, 204, 301, 400, 403, 404, 409, 413]),  # others are repeated for minutes
    bodies,
    st.dictionaries(st.sampled_from(["x-amzn-errortype", "x-amzn-requestid", "content-type"]), st.text(max_size=9)),
)


class Body:
    """A body as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content


@dataclass
class Answers:
    """The response to every call, without a network."""

    next: tuple[int, bytes, dict[str, str]] = (200, b"", {})
    calls: int = 0

    def respond(self, request: Any, **_: Any) -> AWSResponse:
        """Return it."""
        self.calls += 1
        status, content, headers = self.next
        return AWSResponse(request.url, status, headers, Body(content))  # type: ignore[arg-type]


@cache
def clients() -> tuple[Aws, Answers]:
    """Return clients and what answers them; a client has the handlers that its session had when it was created."""
    answers = Answers()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.delenv("AWS_PROFILE", raising=False)
        aws = Aws("demo", "us-east-1")
        aws.session.events.register_first("before-send", answers.respond)  # type: ignore[arg-type]  # it may return one
        aws.warm_up()
        assert aws.sts.meta
    return aws, answers


@fuzz(responses)
def test_an_answer_of_aws(answer: tuple[Call, int, bytes, dict[str, str]]) -> None:
    call, status, content, headers = answer
    aws, answers = clients()
    answers.next, answers.calls = (status, content, headers), 0
    patch = pytest.MonkeyPatch()
    patch.setattr(botocore.endpoint, "time", Sleepless())
    try:
        call(aws)
    except Exception as error:
        if isinstance(error, KeyError) and error.args[0] in READ:
            return  # what this test reads; the sweeps remove responses from whole commands
        described = explain(error)
        if described is None:
            raise
        assert text(described)
    finally:
        patch.undo()
    assert answers.calls


VALUES = st.none() | st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=3), max_size=2)


@fuzz(st.tuples(st.dictionaries(st.sampled_from(["Code", "Message"]), VALUES), VALUES))
def test_an_error_of_aws(response: tuple[dict[str, Any], Any]) -> None:
    error, request_id = response
    found = ClientError({"Error": error, "ResponseMetadata": {"RequestId": request_id}}, "CreateVpc")  # type: ignore[typeddict-item]
    described = explain(found)
    assert described
    assert text(described)
    assert json.dumps(described.document())


@fuzz(mutated_json({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": ["*"]}]}))
def test_a_policy_of_aws(content: bytes) -> None:
    assert isinstance(policy_document(content.decode(errors="replace")), dict)


# ---- the builder

CONSOLE = b"""\
[    1.0] Linux\r
-----BEGIN SSH HOST KEY KEYS-----\r
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA== root@host\r
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3x5jS7tYx3v1w0YvKk0Z3m1b0mS4oHf8mY3o2wq1aB root@host\r
-----END SSH HOST KEY KEYS-----\r
"""


@fuzz(mutated(CONSOLE, [*TERMINAL, b"-----BEGIN SSH HOST KEY KEYS-----", b"ssh-rsa AAAA", b"ssh-ed25519 AAAA", b" "]))
def test_the_console_output(content: bytes) -> None:
    keys = printed_host_keys(content.decode(errors="replace"))
    assert all(len(key.split()) <= 2 for key in keys)
    assert isinstance(_client(SshTarget("i-1", "127.0.0.1", 22, keys)), paramiko.SSHClient)


class Channel:
    """The end of an SSH channel, which sends pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def recv(self, _: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


OUTPUT = (
    b"Collecting numpy@ https://example.com/numpy-2.5.5-cp312-cp312-manylinux.whl (from -r x)\n"
    b"Installing collected packages: numpy\ncompiling\rcopying\nstart pack: 1\nmanifest {}\n"
)


@fuzz(st.lists(mutated(OUTPUT, TERMINAL), max_size=4))
def test_the_output_of_an_ssh_session(pieces: list[bytes]) -> None:
    progress = InstallProgress(7)
    for line in _lines(Channel(pieces)):  # type: ignore[arg-type]  # all that is used of a channel
        assert not set(line) & {"\x1b", "\r", "\n", "\0", "\x9b", "\u202e"}
        progress.update(line)
        assert isinstance(progress.text, str)


# ---- functions


@fuzz(mutated_json({"statusCode": 200, "body": "x", "headers": {"a": "b"}}))
def test_a_function_s_answer(content: bytes) -> None:
    assert invocation.parse_json(content) is None or json.dumps(invocation.parse_json(content))


@fuzz(st.text(max_size=60))
def test_what_logs_are_searched_for(words: str) -> None:
    with suppress(AwsprovError):
        assert isinstance(log_query.Query(0, words, False).matches(words), bool)


_LINE = (
    b"[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler\n"
    b"REPORT RequestId: 8f507cfc-ee0e-4f3a-9d0e-5c2d0b1a7e61\tStatus: error\tError Type: Runtime.ExitError\n"
)
_WORDS = [b'File "', b"line ", b"9" * 5000, b"\0", b"RequestId: ", b"Task timed out", b'"status": "', b"\r", b"\xff"]
_ACCESS = b'{"method": "POST", "path": "/prod/x", "status": "502", "error": "-", "integration": "-"}'


@fuzz(st.lists(mutated(_LINE, _WORDS), min_size=1, max_size=3))
def test_the_log_of_a_failed_request(lines: list[bytes]) -> None:
    messages = tuple(line.decode(errors="replace") for line in lines)
    request = FailedRequest(datetime.now(UTC), messages)
    found = (request.error, request.text, request.request_id)
    assert all(isinstance(each, str) for each in found)
    assert isinstance(request.is_logged_only, bool)
    bundle = Bundle(Path("src"))
    assert [own_file(bundle, frame.file) for frame in request.frames] == [""] * len(request.frames)


@fuzz(mutated(_ACCESS, _WORDS))
def test_the_log_of_an_api(line: bytes) -> None:
    event = {"timestamp": 0, "message": line.decode(errors="replace")}
    found = _failure([Endpoint("POST", "/x", "web", "")], event)
    assert found is None or found.function == "web"
