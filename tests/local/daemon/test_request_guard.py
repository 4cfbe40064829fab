"""Requests that the cloud rejects: those of browsers, with a foreign Host, without a valid signature, or malformed."""

import http.client
import json
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local.conftest import LocalCloud, refused

BODY = "Action=DescribeVpcs&Version=2016-11-15"


def ask(
    cloud: LocalCloud, path: str = "/", signed: bool = True, method: str = "POST", **headers: str
) -> tuple[int, str]:
    """Send a request with these headers, signed as an SDK would sign it."""
    given = {
        "Content-Type": "application/x-www-form-urlencoded",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    if signed:
        given |= signature(cloud, path, method)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in given)
    for name, value in {**given, "Content-Length": str(len(BODY))}.items():
        connection.putheader(name, value)
    connection.endheaders(BODY.encode())
    response = connection.getresponse()
    return response.status, response.read().decode()


def signature(cloud: LocalCloud, path: str = "/", method: str = "POST", **overrides: str) -> dict[str, str]:
    key = {"access": cloud.running.key.access_key, "secret": cloud.running.key.secret_key, **overrides}
    request = AWSRequest(method, cloud.endpoint + path, data=BODY, headers={})
    SigV4Auth(Credentials(key["access"], key["secret"]), key.get("service", "ec2"), "us-east-1").add_auth(request)
    return dict(request.headers)


def client_with(cloud: LocalCloud, access: str = "AKIAIOSFODNN7EXAMPLE", service: str = "ec2") -> Any:
    """Return a client with a key pair that the cloud did not make."""
    return boto3.client(  # type: ignore[call-overload]  # any service
        service,
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key="whatever",
    )


def test_a_signed_call_is_answered(cloud: LocalCloud) -> None:
    status, body = ask(cloud)
    assert status == 200
    assert "<vpcId>" in body


# -- keys


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("ec2", lambda client: client.describe_vpcs(), "AuthFailure"),
        ("iam", lambda client: client.list_users(), "InvalidClientTokenId"),
        ("lambda", lambda client: client.list_functions(), "UnrecognizedClientException"),
        ("logs", lambda client: client.describe_log_groups(), "UnrecognizedClientException"),
    ],
)
def test_another_key_pair_is_refused_with_awss_error(
    cloud: LocalCloud, service: str, call: Callable[[Any], object], code: str
) -> None:
    for access in ("test", "AKIAIOSFODNN7EXAMPLE"):
        with refused(code):
            call(client_with(cloud, access, service))


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ec2", lambda client: client.describe_vpcs()),
        ("iam", lambda client: client.list_users()),
        ("lambda", lambda client: client.list_functions()),
        ("efs", lambda client: client.describe_file_systems()),
        ("apigateway", lambda client: client.get_rest_apis()),
    ],
)
def test_the_right_access_key_with_a_wrong_secret_is_refused(
    cloud: LocalCloud, service: str, call: Callable[[Any], object]
) -> None:
    with pytest.raises(ClientError, match="The request signature we calculated does not match"):
        call(client_with(cloud, cloud.running.key.access_key, service))


def test_a_second_credential_in_the_header_is_refused(cloud: LocalCloud) -> None:
    headers = signature(cloud)
    other = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request"
    headers["Authorization"] = headers["Authorization"].replace("Credential=", f"{other}, Credential=")
    assert ask(cloud, signed=False, **{k.replace("-", "_"): v for k, v in headers.items()})[0] == 403


def test_keys_that_iam_created_are_accepted_until_they_are_inactive(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="keys")
    read = {"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [read]})
    iam.put_user_policy(UserName="keys", PolicyName="read", PolicyDocument=document)
    key = iam.create_access_key(UserName="keys")["AccessKey"]
    given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = boto3.client("ec2", endpoint_url=cloud.endpoint, region_name="us-east-1", **given)
    assert client.describe_vpcs()["Vpcs"]
    iam.update_access_key(UserName="keys", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("AuthFailure"):
        client.describe_vpcs()
    iam.delete_access_key(UserName="keys", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="keys", PolicyName="read")
    iam.delete_user(UserName="keys")


def test_each_cloud_has_a_key_pair_of_its_own_that_only_its_owner_can_read(
    cloud: LocalCloud, slow_cloud: LocalCloud
) -> None:
    assert cloud.running.key != slow_cloud.running.key
    assert len(cloud.running.key.secret_key) >= 40
    file = cloud.running.directory / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cloud.running.key.secret_key in file.read_text()
    assert cloud.running.key.secret_key not in (cloud.running.directory / "server.json").read_text()
    assert cloud.running.key.secret_key not in repr(cloud.running)


def test_with_any_key_every_key_pair_is_accepted_and_the_cloud_says_so(
    start_cloud: Callable[..., LocalCloud], cloud: LocalCloud
) -> None:
    opened = start_cloud(any_key=True)
    assert client_with(opened, "test").describe_vpcs()["Vpcs"]
    assert any("accepts any key pair" in notice for notice in opened.running.notices)
    assert not any("accepts any key pair" in notice for notice in cloud.running.notices)
    assert ask(opened, signed=False)[0] == 403
    assert ask(opened, Origin=opened.endpoint)[0] == 403


def test_an_unsigned_call_gets_an_error_in_awss_format(cloud: LocalCloud) -> None:
    status, body = ask(cloud, signed=False)
    assert status == 403
    assert json.loads(body)["__type"] == "AccessDeniedException"


# -- browsers


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "{endpoint}"},
        {"Origin": ""},
        {"Referer": "{front}/page"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Mode": "navigate"},
        {"Sec_Fetch_Dest": "document"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/_awsprov/ping", "/_awsprov/instances/i-1"])
def test_requests_of_browsers_and_foreign_hosts_are_refused_even_with_a_signature(
    cloud: LocalCloud, headers: dict[str, str], path: str
) -> None:
    front = f"http://127.0.0.1:{cloud.running.front_port}"
    given = {name: value.format(endpoint=cloud.endpoint, front=front) for name, value in headers.items()}
    assert ask(cloud, path, True, "POST", **given)[0] == 403


def test_the_control_plane_serves_no_api_and_the_front_no_control_plane(cloud: LocalCloud) -> None:
    status, body = ask(cloud, "/_aws/execute-api/abc/prod/")
    assert status == 404
    assert f"http://127.0.0.1:{cloud.running.front_port}/_aws/execute-api/" in body
    for path in ("/", "/_awsprov/ping", "/_awsprov/instances/i-1", "/moto-api/reset"):
        connection = http.client.HTTPConnection("127.0.0.1", cloud.running.front_port, timeout=10)
        connection.request("POST", path, BODY, signature(cloud, path))
        assert connection.getresponse().status == 404


def test_the_front_refuses_a_foreign_host(cloud: LocalCloud) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.front_port, timeout=10)
    connection.request("GET", "/_aws/execute-api/abc/prod/", headers={"Host": "evil.example"})
    assert connection.getresponse().status == 403


def test_motos_own_api_is_disabled(cloud: LocalCloud) -> None:
    before = cloud.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert ask(cloud, "/moto-api/reset")[0] == 403
    assert before in [vpc["VpcId"] for vpc in cloud.client("ec2").describe_vpcs()["Vpcs"]]
    cloud.client("ec2").delete_vpc(VpcId=before)


def test_a_preflight_gets_no_cors_headers(cloud: LocalCloud) -> None:
    headers = {"Origin": "https://evil.example", "Access_Control_Request_Method": "POST"}
    assert ask(cloud, signed=False, method="OPTIONS", **headers)[0] == 403


def test_commands_of_an_instance_need_its_token(cloud: LocalCloud) -> None:
    assert ask(cloud, "/_awsprov/instances/i-0123456789abcdef0", signed=False)[0] in (400, 403)


def test_the_clouds_own_api_needs_a_signature(cloud: LocalCloud) -> None:
    assert ask(cloud, "/_awsprov/calls", signed=False, method="GET")[0] == 403
    headers = signature(cloud, "/_awsprov/calls", "GET", secret="wrong")
    assert ask(cloud, "/_awsprov/calls", False, "GET", **{k.replace("-", "_"): v for k, v in headers.items()})[0] == 401


def test_a_presigned_url_of_s3_counts_as_signed_if_its_key_exists(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="key", Body=b"value")
    for client, expected in ((s3, 200), (client_with(cloud, service="s3"), 403)):
        url = client.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "key"})
        connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=10)
        connection.request("GET", url.removeprefix(cloud.endpoint))
        response = connection.getresponse()
        assert response.status == expected
        assert (response.read() == b"value") is (expected == 200)


def test_a_link_with_a_signature_reaches_nothing_but_s3(cloud: LocalCloud) -> None:
    key = cloud.running.key.access_key
    query = f"X-Amz-Signature=0&X-Amz-Credential={key}/20260101/us-east-1/ec2/aws4_request"
    assert ask(cloud, f"/_awsprov/ping?{query}", signed=False, method="GET")[0] == 403
    assert ask(cloud, f"/?{query}&{BODY}", signed=False, method="GET")[0] == 403


def test_an_operation_that_moto_lacks_gets_501_and_its_name(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.client("efs").put_backup_policy(FileSystemId="fs-0123456789abcdef0", BackupPolicy={"Status": "ENABLED"})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "efs:PutBackupPolicy" in str(caught.value)


# -- malformed and oversized requests


def send(cloud: LocalCloud, text: bytes, front: bool = True, seconds: float = 20) -> bytes:
    """Send bytes; return the first bytes of the response."""
    port = cloud.running.front_port if front else cloud.running.port
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(text.replace(b"HOST", f"127.0.0.1:{port}".encode()))
        return connection.recv(200)


HEAD = b"POST /_aws/execute-api/abc/prod/ HTTP/1.1\r\nHost: HOST\r\n"


@pytest.mark.parametrize("length", [b"-1", b"-99999999999", b"+5", b"1_0", b"\xb2", b"5, 6", b"x"])
@pytest.mark.parametrize("path", [b"/_aws/execute-api/abc/prod/", b"/_awsprov/instances/i-1", b"/"])
def test_a_malformed_length_is_refused_at_once(cloud: LocalCloud, length: bytes, path: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: HOST\r\nContent-Length: " + length + b"\r\n\r\n"
    for front in (True, False):
        assert send(cloud, head, front).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(("sent", "response"), [(b"", b""), (b"half", b""), (b"complete", b"HTTP/1.1 403 ")])
def test_half_a_body_is_not_passed_on(cloud: LocalCloud, sent: bytes, response: bytes) -> None:
    """A client that is killed while it sends must not run a function with what has arrived."""
    port = cloud.running.front_port
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        head = HEAD.replace(b"HOST", f"127.0.0.1:{port}".encode())
        connection.sendall(head + b"Content-Length: 8\r\n\r\n" + sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(13) == response
        while connection.recv(1000):  # it is closed after the response
            pass


def test_a_request_without_a_length_has_no_body(cloud: LocalCloud) -> None:
    assert send(cloud, HEAD + b"\r\n").startswith(b"HTTP/1.1 403 ")


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "front", "control"),
    [
        (HEAD + b"X: " + b"x" * 100_000, b"400", b"413"),
        (HEAD + b"".join(b"X%d: y\r\n" % number for number in range(200)) + b"\r\n", b"431", b"431"),
        (HEAD + b"".join(b"X%d: y\r\n" % number for number in range(100_000)), b"400", b"413"),
        (b"GET /" + b"x" * 100_000, b"400", b"414"),
        (HEAD + b"Content-Length: 99999999999999\r\n\r\n", b"403", b"413"),  # there is no such API
        (CHUNKED + b"x\r\n", b"400", b"404"),  # APIs are not served there, so it is not read
    ],
)
def test_what_is_too_large_is_refused_before_it_is_read(
    cloud: LocalCloud, text: bytes, front: bytes, control: bytes
) -> None:
    assert send(cloud, text)[9:12] == front
    assert send(cloud, text, front=False)[9:12] == control


def test_no_more_of_a_chunk_is_read_than_api_gateway_accepts(cloud: LocalCloud) -> None:
    assert send(cloud, CHUNKED + b"ffffffffffff\r\n" + b"x" * (11 << 20))[9:12] == b"403"  # there is no such API


def test_an_endless_line_before_a_chunk_is_refused(cloud: LocalCloud) -> None:
    before = memory(cloud)
    with socket.create_connection(("127.0.0.1", cloud.running.front_port), timeout=20) as connection:
        host = f"127.0.0.1:{cloud.running.front_port}".encode()
        connection.sendall(HEAD.replace(b"HOST", host) + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            send_without_end(connection)
    assert memory(cloud) - before < 400 << 20


def send_without_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"1" * (1 << 20))


def test_an_unsigned_body_of_the_control_plane_is_not_read(cloud: LocalCloud) -> None:
    head = b"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 100000000\r\n\r\n"
    assert send(cloud, head, front=False).startswith(b"HTTP/1.1 403 ")


def memory(cloud: LocalCloud) -> int:
    """Return the memory of the cloud's process in bytes."""
    from awsprov.local.lambda_.sandbox import peak_memory

    return peak_memory(cloud.running.pid)


@pytest.mark.parametrize(("front", "number"), [(True, 400), (False, 80)])
def test_half_requests_do_not_keep_others_from_being_answered(cloud: LocalCloud, front: bool, number: int) -> None:
    port = cloud.running.front_port if front else cloud.running.port
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
    for connection in connections:
        with suppress(ConnectionError):  # the oldest are closed
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")
    began = time.monotonic()
    assert send(cloud, HEAD + b"\r\n", front, seconds=60).startswith(b"HTTP/1.1 4")
    assert time.monotonic() - began < 30
    for connection in connections:
        connection.close()
