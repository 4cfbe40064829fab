"""Aws: region and credentials, counted calls, the cache, ownership by tags, errors in plain words, waiting."""

import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, EndpointConnectionError, EndpointVariantError, NoCredentialsError

from awsprov.aws.client import Aws
from awsprov.aws.error_catalog import TRANSLATIONS
from awsprov.aws.errors import error_code, explain
from awsprov.aws.http import HttpResponse, http
from awsprov.aws.url_suffixes import partition_of, url_suffix
from awsprov.errors import AwsprovError, CredentialsError, InterruptedByUserError, TimedOutError, UsageError
from tests.unit.endpoint import Endpoint

# ---- who and where


@pytest.mark.parametrize("region", ["us-esat-1", "mars-north-1", "us-east-1a"])
def test_an_unknown_region_is_reported_without_a_call(endpoint: Endpoint, region: str) -> None:
    with pytest.raises(UsageError, match="no AWS region") as caught:
        Aws("demo", region)
    assert "-1" in caught.value.why  # the nearest that there are
    assert endpoint.requests == []


def test_an_unknown_profile_is_reported_without_a_call(endpoint: Endpoint, tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(UsageError, match="no AWS profile 'wrok'") as caught:
        Aws("demo", "us-east-1", "wrok")
    assert "work" in caught.value.why
    assert endpoint.requests == []


def test_the_endpoint_is_the_configured_one(aws: Aws, endpoint: Endpoint) -> None:
    assert aws.endpoint == endpoint.url
    assert aws.address() == "127.0.0.1"
    assert endpoint.requests == []


def test_the_page_of_a_network_s_sign_in_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    responses = [b"<html>Sign in</html>", b"203.0.113.7\n"]
    monkeypatch.setattr("awsprov.aws.client.http", lambda *_, **__: HttpResponse(200, {}, responses.pop(0)))
    aws = Aws("demo", "us-east-1")
    with pytest.raises(AwsprovError, match="address of this machine is not known") as caught:
        aws.address()
    assert "builder.ssh_from" in caught.value.remedy
    assert aws.address() == "203.0.113.7"


REGIONS = (
    "us-east-1", "eu-west-1", "ap-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1",
    "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1",
)  # fmt: skip


@pytest.mark.parametrize("variant", ["", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"])
@pytest.mark.parametrize("region", REGIONS)
def test_an_endpoint_of_aws_is_never_treated_as_a_configured_one(monkeypatch: Any, region: str, variant: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    if variant:
        monkeypatch.setenv(variant, "true")
    aws = Aws("demo", region)
    assert aws.endpoint == ""
    with suppress(EndpointVariantError):  # not every partition has every variant
        assert aws.url_suffix in aws.ec2.meta.endpoint_url or variant == "AWS_USE_DUALSTACK_ENDPOINT"


PROFILES = """\
[default]
[profile url]
endpoint_url = http://127.0.0.1:1
[profile services]
services = here
endpoint_url = http://127.0.0.1:1
[services here]
ec2 =
  endpoint_url = http://127.0.0.1:2
"""


@pytest.mark.parametrize(
    ("profile", "variables", "port"),
    [
        ("default", {}, ""),
        ("url", {}, "1"),
        ("services", {}, "2"),
        ("url", {"AWS_ENDPOINT_URL": "3"}, "3"),
        ("services", {"AWS_ENDPOINT_URL": "3", "AWS_ENDPOINT_URL_EC2": "4"}, "4"),
        ("default", {"AWS_ENDPOINT_URL_EC2": "4"}, "4"),
    ],
)
def test_an_endpoint_is_found_wherever_botocore_finds_it(
    tmp_path: Path, monkeypatch: Any, profile: str, variables: dict[str, str], port: str
) -> None:
    (tmp_path / "config").write_text(PROFILES)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in variables.items():
        monkeypatch.setenv(name, f"http://127.0.0.1:{value}")
    aws = Aws("demo", "us-east-1", profile)
    assert aws.endpoint == (f"http://127.0.0.1:{port}" if port else "")
    assert aws.ec2.meta.endpoint_url == (aws.endpoint or "https://ec2.us-east-1.amazonaws.com")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Aws("demo", "us-east-1", profile).endpoint == ""


def test_a_region_has_the_partition_and_the_ends_of_urls_that_botocore_knows() -> None:
    partitions = botocore.session.Session().get_data("partitions")["partitions"]
    known = {region: (each["id"], each["outputs"]["dnsSuffix"]) for each in partitions for region in each["regions"]
             if not region.endswith("-global")}  # fmt: skip
    assert len(known) > 30
    assert {region: (partition_of(region), url_suffix(region)) for region in known} == known


def test_clients_are_created_while_the_identity_is_requested(endpoint: Endpoint, monkeypatch: Any) -> None:
    asked, ready, arn = threading.Event(), threading.Event(), "arn:aws:iam::123456789012:user/ann"
    response = f"<R><GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult></R>"

    def answer(*_: Any) -> tuple[int, str, str, dict[str, str]]:
        asked.set()
        return 200, "text/xml", response if ready.wait(30) else "", {}

    monkeypatch.setattr(endpoint, "answer", answer)
    aws = Aws("demo", "us-east-1")
    aws.warm_up()
    assert {"ec2", "efs", "iam", "lambda_", "logs", "apigateway", "apigatewayv2"} <= vars(aws).keys()
    assert asked.wait(30)
    assert not aws.caller_identity.done()
    ready.set()
    assert (aws.caller, aws.caller_name, aws.account) == (arn, "ann", "123456789012")


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_aws_itself_is_no_endpoint(monkeypatch: pytest.MonkeyPatch, region: str, partition: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws = Aws("demo", region)
    assert aws.endpoint == ""
    assert aws.partition == partition


def test_calls_are_counted_and_changes_apart(aws: Aws, endpoint: Endpoint) -> None:
    aws.efs.describe_file_systems()
    aws.lambda_.list_functions()
    aws.lambda_.get_policy(FunctionName="f")
    aws.lambda_.publish_version(FunctionName="f")
    aws.lambda_.delete_function(FunctionName="f")
    assert aws.calls == Counter(
        {"efs:DescribeFileSystems": 1, "lambda:ListFunctions": 1, "lambda:GetPolicy": 1, "lambda:PublishVersion": 1,
         "lambda:DeleteFunction": 1}
    )  # fmt: skip
    assert aws.mutations == 2
    assert len(endpoint.requests) == 5


def test_every_request_says_who_asks(aws: Aws, endpoint: Endpoint) -> None:
    aws.efs.describe_file_systems()
    assert "awsprov/" in endpoint.requests[0][2]["User-Agent"]


def test_clients_may_be_created_by_many_threads_at_once(endpoint: Endpoint) -> None:
    aws, found = Aws("demo", "us-east-1"), list[Any]()
    assert endpoint.url
    threads = [threading.Thread(target=lambda: found.append(aws.ec2)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {client.meta.region_name for client in found} == {"us-east-1"}


# ---- memory


def test_a_result_is_fetched_once_until_the_cache_is_cleared(aws: Aws) -> None:
    fetched: list[int] = []
    barrier = threading.Barrier(6)

    def fetch() -> str:
        fetched.append(1)
        return "answer"

    def ask() -> None:
        barrier.wait()
        assert aws.cached("things", fetch) == "answer"

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    aws.clear_cache()
    aws.cached("things", fetch)
    assert fetched == [1, 1]


def test_what_is_being_fetched_when_the_cache_is_cleared_is_not_cached(aws: Aws) -> None:
    asked, answers = threading.Event(), threading.Event()

    def fetch_slowly() -> str:
        asked.set()
        answers.wait()
        return "old"

    fetching = threading.Thread(target=lambda: aws.cached("things", fetch_slowly))
    fetching.start()
    asked.wait()
    aws.clear_cache()
    answers.set()
    fetching.join()
    assert aws.cached("things", lambda: "new") == "new"


def test_a_result_that_failed_is_fetched_again(aws: Aws) -> None:
    with pytest.raises(ZeroDivisionError):
        aws.cached("things", lambda: 1 // 0)
    assert aws.cached("things", lambda: 7) == 7


# ---- ownership


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ([{"Key": "awsprov:stack", "Value": "demo"}, {"Key": "awsprov:name", "Value": "vpc"}], "vpc"),
        ({"awsprov:stack": "demo", "awsprov:name": "vpc"}, "vpc"),
        ({"awsprov:stack": "demo-prod", "awsprov:name": "vpc"}, ""),
        ({"awsprov:stack": "dem", "awsprov:name": "vpc"}, ""),
        ({"awsprov:stack": "demo"}, ""),
        ({"awsprov:name": "vpc"}, ""),
        ({"Name": "demo-vpc"}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_only_what_has_both_tags_is_the_stack_s(aws: Aws, tags: Any, name: str) -> None:
    assert aws.tagged_name(tags) == name


def test_what_has_our_tags_is_the_stack_s(aws: Aws) -> None:
    assert aws.tagged_name(aws.tag_list("vpc")) == aws.tagged_name(aws.tags("vpc")) == "vpc"


# ---- signatures


def test_a_signed_request_carries_a_signature_that_fits(aws: Aws) -> None:
    url, body = "https://abc.execute-api.us-east-1.amazonaws.com/prod/predict", b'{"a": 1}'
    signed = aws.signed("POST", url, body, {"content-type": "application/json"})
    again = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
    again.context["timestamp"] = signed["X-Amz-Date"]
    signer = SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1")
    again.headers["X-Amz-Date"] = signed["X-Amz-Date"]
    signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert signed["Authorization"].endswith(f"Signature={signature}")
    assert "us-east-1/execute-api/aws4_request" in signed["Authorization"]


def test_signing_without_credentials_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoCredentialsError) as caught:
        Aws("demo", "us-east-1").signed("GET", "https://example.com/", b"", {})
    error = explain(caught.value)
    assert isinstance(error, CredentialsError)
    assert "--local" in error.remedy


# ---- errors


def refusal(code: str) -> ClientError:
    about: Any = {"Error": {"Code": code, "Message": "AWS's words"}, "ResponseMetadata": {"RequestId": "r-1"}}
    return ClientError(about, "CreateVpc")


@pytest.mark.parametrize("code", sorted(TRANSLATIONS))
def test_known_errors_say_what_to_do_and_keep_aws_s_words(code: str) -> None:
    error = explain(refusal(code))
    assert type(error) is TRANSLATIONS[code].kind
    assert error.remedy
    assert error.why == f"CreateVpc: {code}: AWS's words"
    assert error.request_id == "r-1"


def test_unknown_errors_keep_aws_s_words_too() -> None:
    error = explain(refusal("Brandnew"))
    assert isinstance(error, AwsprovError)
    assert (error.what, error.why, error.request_id) == ("CreateVpc was refused: Brandnew.", "AWS's words", "r-1")


def test_other_exceptions_are_not_explained() -> None:
    assert explain(ZeroDivisionError()) is None
    assert error_code(ZeroDivisionError()) == ""


def test_an_endpoint_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    error = explain(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))
    assert error
    assert "http://127.0.0.1:1" in error.remedy


# ---- waiting


def test_waiting_ends_with_the_first_true_answer(aws: Aws) -> None:
    answers = iter([0, "", None, "vpc-1", "never asked"])
    assert aws.wait_until(lambda: next(answers), 5, "a vpc", initial_delay=0.001) == "vpc-1"


def test_a_timeout_names_what_was_waited_for(aws: Aws) -> None:
    with pytest.raises(TimedOutError, match="Timed out after 0 s waiting for the moon"):
        aws.wait_until(lambda: False, 0.05, "the moon", initial_delay=0.01)


def test_an_error_of_the_probe_ends_the_wait(aws: Aws) -> None:
    asked: list[int] = []

    def probe() -> bool:
        asked.append(1)
        raise refusal("AccessDenied")

    with pytest.raises(ClientError):
        aws.wait_until(probe, 5, "x")
    assert len(asked) == 1


def test_a_wait_ends_when_stop_is_set(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "stop", threading.Event())
    threading.Timer(0.1, aws.stop.set).start()
    began = time.monotonic()
    with pytest.raises(InterruptedByUserError, match="the moon"):
        aws.wait_until(lambda: False, 60, "the moon", initial_delay=30)
    assert time.monotonic() - began < 5


def test_plain_http_follows_no_redirect(endpoint: Endpoint) -> None:
    answer = http("POST", f"{endpoint.url}/x", b"{}", {"a": "b"})
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["content-type"] == "application/json"
