"""Requests that the cloud rejects: those of web pages, with a foreign Host, or without a signature."""

import http.client
import json

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local.conftest import LocalCloud

BODY = "Action=DescribeVpcs&Version=2016-11-15"


def ask(
    cloud: LocalCloud, path: str = "/", signed: bool = True, method: str = "POST", **headers: str
) -> tuple[int, str]:
    """Send a request with these headers, signed with any key as an SDK would sign it."""
    given = {
        "Content-Type": "application/x-www-form-urlencoded",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    if signed:
        request = AWSRequest("POST", cloud.endpoint + path, data=BODY, headers={})
        SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "any"), "ec2", "us-east-1").add_auth(request)
        given |= dict(request.headers)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in given)
    for name, value in {**given, "Content-Length": str(len(BODY))}.items():
        connection.putheader(name, value)
    connection.endheaders(BODY.encode())
    response = connection.getresponse()
    return response.status, response.read().decode()


def test_a_signed_call_is_answered(cloud: LocalCloud) -> None:
    status, body = ask(cloud)
    assert status == 200
    assert "<vpcId>" in body


def test_any_key_pair_is_accepted(cloud: LocalCloud) -> None:
    client = boto3.client(
        "ec2",
        endpoint_url=cloud.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="whatever",
    )
    assert client.describe_vpcs()["Vpcs"]


def test_an_unsigned_call_gets_an_error_in_awss_format(cloud: LocalCloud) -> None:
    status, body = ask(cloud, signed=False)
    assert status == 403
    assert json.loads(body)["__type"] == "AccessDeniedException"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_web_pages_and_foreign_hosts_are_rejected_even_with_a_signature(
    cloud: LocalCloud, headers: dict[str, str]
) -> None:
    assert ask(cloud, "/", **headers)[0] == 403  # type: ignore[arg-type]


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


def test_a_presigned_url_counts_as_signed(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="key", Body=b"value")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "key"})
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=10)
    connection.request("GET", url.removeprefix(cloud.endpoint))
    assert connection.getresponse().read() == b"value"


def test_an_operation_that_moto_lacks_gets_501_and_its_name(cloud: LocalCloud) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    with pytest.raises(ClientError) as caught:
        cloud.client("efs").put_backup_policy(FileSystemId="fs-0123456789abcdef0", BackupPolicy={"Status": "ENABLED"})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "efs:PutBackupPolicy" in str(caught.value)
