"""The signatures of S3: of headers, and of presigned URLs of both versions."""

import http.client
import io
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from tests.local.conftest import LocalCloud, refused

KEYS = ["plain", "a/b c", "ä ö+ü?&=", "//slashes//", "tilde~(1).bin", "100%25"]


@pytest.fixture(scope="module")
def bucket(cloud: LocalCloud) -> str:
    cloud.client("s3").create_bucket(Bucket="signatures")
    return "signatures"


def with_secret(cloud: LocalCloud, secret: str, **config: Any) -> Any:
    """Return a client with the access key of the root user, and a secret."""
    return boto3.client(
        "s3", endpoint_url=cloud.endpoint, region_name="us-east-1", aws_access_key_id=cloud.running.key.access_key,
        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}, **config),
    )  # fmt: skip


def send(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize("key", KEYS)
def test_any_key_of_an_object_can_be_signed(cloud: LocalCloud, bucket: str, key: str) -> None:
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"one", Metadata={"a": "b"})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"one"
    s3.upload_fileobj(io.BytesIO(b"x" * (9 << 20)), bucket, key)
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 9 << 20
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]] == [key]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})


def test_another_secret_is_refused(cloud: LocalCloud, bucket: str) -> None:
    """An access key ID alone is no secret: functions find that of their caller in the events of an API."""
    with refused("SignatureDoesNotMatch"):
        with_secret(cloud, "guessed").list_objects_v2(Bucket=bucket)


def test_another_body_is_refused(cloud: LocalCloud, bucket: str) -> None:
    s3 = cloud.client("s3")
    s3.meta.events.register("before-send.s3.PutObject", lambda request, **_: setattr(request, "body", b"two"))
    with refused("SignatureDoesNotMatch"):
        s3.put_object(Bucket=bucket, Key="body", Body=b"one")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("key", ["plain", "a/b c"])
def test_a_presigned_url_is_accepted_until_it_expires(cloud: LocalCloud, bucket: str, version: str, key: str) -> None:
    s3 = with_secret(cloud, cloud.running.key.secret_key, signature_version=version)
    place = {"Bucket": bucket, "Key": key}
    assert send(s3.generate_presigned_url("put_object", place), "PUT", b"three")[0] == 200
    url = s3.generate_presigned_url("get_object", place)
    assert send(url) == (200, b"three")
    status, body = send(s3.generate_presigned_url("get_object", place, ExpiresIn=-10))
    assert (status, b"Request has expired" in body) == (403, True)
    assert send(url.replace(key.partition("/")[0], "other", 1))[0] == 403
    forged = with_secret(cloud, "guessed", signature_version=version).generate_presigned_url("get_object", place)
    assert send(forged)[0] == 403
