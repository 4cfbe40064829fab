"""The object store on moto: conditional calls, lost responses, conflicts, and buckets that cannot be used."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders

from awsprov.aws.client import Aws
from awsprov.aws.object_store import ObjectChangedError, ObjectStore
from awsprov.aws.s3_location import S3Location
from awsprov.errors import CredentialsError, LockedError, UsageError
from tests.unit.moto_cloud import on_moto


@pytest.fixture(name="aws")
def clients(tmp_path: Path) -> Iterator[Aws]:
    with on_moto(tmp_path) as moto:
        yield moto.aws()


@pytest.fixture(name="store")
def object_store(aws: Aws) -> ObjectStore:
    aws.s3.create_bucket(Bucket="team-state")
    return ObjectStore(aws, S3Location.parse("s3://team-state/awsprov/").below("demo"))


def test_an_object_is_written_only_over_the_one_that_is_expected(store: ObjectStore) -> None:
    assert store.get("a.json") is None
    first = store.put("a.json", b"1", replaces=None, write="w1")
    with pytest.raises(ObjectChangedError):
        store.put("a.json", b"2", replaces=None)
    second = store.put("a.json", b"2", replaces=first, write="w2")
    with pytest.raises(ObjectChangedError):
        store.put("a.json", b"3", replaces=first)
    with pytest.raises(ObjectChangedError):
        store.delete("a.json", first)
    found = store.get("a.json")
    assert found
    assert (found.body, found.etag, found.write) == (b"2", second, "w2")
    store.delete("a.json", second)
    with pytest.raises(ObjectChangedError):
        store.delete("a.json", second)
    with pytest.raises(ObjectChangedError):
        store.put("a.json", b"4", replaces=second)


def test_the_age_is_that_of_s3_s_clock(aws: Aws, store: ObjectStore) -> None:
    store.put("a.json", b"1", replaces=None)

    def dated(parsed: dict[str, Any], **_: Any) -> None:
        later = parsed["LastModified"] + timedelta(seconds=400)
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(later)

    before = store.get("a.json")
    assert before
    assert before.age == 0.0  # moto sends no Date
    aws.s3.meta.events.register("after-call.s3.GetObject", dated)
    found = store.get("a.json")
    assert found
    assert found.age == 400.0


@pytest.mark.parametrize(("text", "shown"), [("s3://b/", "s3://b"), ("s3://b/x/y/", "s3://b/x/y")])
def test_a_location_has_no_slash_at_its_ends(text: str, shown: str) -> None:
    assert str(S3Location.parse(text)) == shown
    assert S3Location.parse(text).below("z").prefix.endswith("z")
    assert not S3Location.parse(text).below("z").prefix.startswith("/")


def refusing(aws: Aws, code: str, status: int, times: int = 99) -> list[str]:
    """Have S3 refuse the next calls; the list gets their names."""
    refused: list[str] = []

    def refuse(event_name: str, **_: Any) -> Any:
        if len(refused) == times:
            return None
        refused.append(event_name)
        error = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return AWSResponse("", status, HTTPHeaders(), None), error

    aws.s3.meta.events.register("before-call.s3", refuse)
    return refused


def test_a_conflict_is_retried(aws: Aws, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprov.aws.object_store._PAUSE", 0)
    refused = refusing(aws, "ConditionalRequestConflict", 409, times=3)
    store.put("a.json", b"1", replaces=None)
    assert len(refused) == 3
    assert store.get("a.json")


def test_a_bucket_that_is_missing_or_of_another_account_is_one_clear_error(aws: Aws, store: ObjectStore) -> None:
    missing = ObjectStore(aws, S3Location("no-such-bucket", "x"))
    for call in (lambda: missing.get("a"), lambda: missing.put("a", b"", replaces=None)):
        with pytest.raises(UsageError, match="no-such-bucket of `shared` does not exist") as error:
            call()
        assert "aws s3 mb s3://no-such-bucket --region us-east-1" in error.value.remedy
    refusing(aws, "AccessDenied", 403)
    for call in (lambda: store.get("a"), lambda: store.put("a", b"", replaces=None)):
        with pytest.raises(CredentialsError, match="another account") as denied:
            call()
        assert "123456789012" in denied.value.why


def test_the_owner_of_the_bucket_is_part_of_each_call(aws: Aws, store: ObjectStore) -> None:
    sent: list[dict[str, Any]] = []
    aws.s3.meta.events.register("provide-client-params.s3", lambda params, **_: sent.append(params))
    store.delete("a", store.put("a", b"1", replaces=None))
    store.get("a")
    assert [params["ExpectedBucketOwner"] for params in sent] == ["123456789012"] * 3


def test_changing_calls_are_checked_each_time_they_are_sent_and_others_are_not(aws: Aws, store: ObjectStore) -> None:
    checked: list[int] = []

    def check() -> None:
        checked.append(1)
        raise LockedError("The lock is lost.")

    aws.before_change = check
    store.put("a", b"1", replaces=None)
    aws.ec2.describe_vpcs()
    assert not checked
    with pytest.raises(LockedError):
        aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    with pytest.raises(LockedError), aws.without_retries():
        aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert len(checked) == 2
    aws.before_change = None
    assert not [vpc for vpc in aws.ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
