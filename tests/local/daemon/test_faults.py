"""Fault injection at the call that was chosen, and the list of calls that other tests count."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from awsprov.local import CloudError
from tests.local.conftest import LocalCloud, refused, until


@pytest.fixture
def ec2(cloud: LocalCloud) -> Iterator[Any]:
    yield cloud.client("ec2")
    cloud.admin("DELETE", "faults")


def names(ec2: Any) -> set[str]:
    return {key["KeyName"] for key in ec2.describe_key_pairs()["KeyPairs"]}


def test_a_throttle_hits_the_nth_call_and_only_that(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="throttle", operation="ec2:DescribeVpcs", at=2)
    ec2.describe_vpcs()
    ec2.describe_subnets()
    with refused("RequestLimitExceeded"):
        ec2.describe_vpcs()
    ec2.describe_vpcs()


def test_a_fault_can_hit_the_calls_of_one_user_agent_only(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="throttle", operation="ec2:DescribeVpcs", agent="awsprov/")
    ec2.describe_vpcs()
    ec2.meta.events.register_first("before-send.ec2", lambda request, **_: _rename(request))
    with refused("RequestLimitExceeded"):
        ec2.describe_vpcs()


def _rename(request: Any) -> None:
    request.headers["User-Agent"] = "awsprov/1"


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("lambda", "list_functions", "TooManyRequestsException"),
        ("apigateway", "get_rest_apis", "TooManyRequestsException"),
        ("iam", "list_roles", "Throttling"),
        ("efs", "describe_file_systems", "ThrottlingException"),
    ],
)
def test_each_service_throttles_with_its_own_code(cloud: LocalCloud, service: str, call: str, code: str) -> None:
    cloud.admin("POST", "faults", kind="throttle", operation=f"{service}:*")
    with refused(code):
        getattr(cloud.client(service), call)()


def test_an_error_is_a_500(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="error", operation="ec2:*", times=1)
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


@pytest.mark.parametrize(("kind", "created"), [("cut-before", False), ("cut-after", True)])
def test_a_cut_connection_happens_before_or_after_the_call(
    cloud: LocalCloud, ec2: Any, kind: str, created: bool
) -> None:
    cloud.admin("POST", "faults", kind=kind, operation="ec2:CreateKeyPair")
    with pytest.raises(BotoCoreError):
        ec2.create_key_pair(KeyName=kind, KeyType="ed25519")
    assert (kind in names(ec2)) is created


def test_an_error_response_can_be_cut_as_well(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="cut-after", operation="ec2:DeleteVpc")
    with pytest.raises(BotoCoreError):
        ec2.delete_vpc(VpcId="vpc-0123456789abcdef0")


def test_a_truncated_response_is_an_error_for_the_client(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="truncate", operation="ec2:CreateKeyPair")
    with pytest.raises((BotoCoreError, ResponseParserError)):
        ec2.create_key_pair(KeyName="truncated", KeyType="ed25519")
    assert "truncated" in names(ec2)


def test_a_slow_response_arrives_after_the_seconds(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="slow", operation="ec2:DescribeVpcs", seconds=0.3)
    started = time.monotonic()
    ec2.describe_vpcs()
    assert time.monotonic() - started >= 0.3


def test_random_faults_are_the_same_for_the_same_seed(cloud: LocalCloud, ec2: Any) -> None:
    def pattern() -> list[bool]:
        cloud.admin("DELETE", "faults")
        fault = {"kind": "throttle", "operation": "ec2:DescribeVpcs", "at": 0, "times": 100, "probability": 0.5}
        cloud.admin("POST", "faults", **fault, seed=7)
        hits = []
        for _ in range(10):
            try:
                ec2.describe_vpcs()
                hits.append(False)
            except ClientError:
                hits.append(True)
        return hits

    first = pattern()
    assert first == pattern()
    assert len(set(first)) == 2


@pytest.mark.parametrize(("kind", "created"), [("kill-before", False), ("kill-after", True)])
def test_a_kill_ends_the_client_before_or_after_the_call(cloud: LocalCloud, ec2: Any, kind: str, created: bool) -> None:
    program = (
        "import boto3, sys; sys.stdin.readline();"
        f"boto3.client('ec2').create_key_pair(KeyName='{kind}', KeyType='ed25519'); print('survived')"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **cloud.running.environment()},
        start_new_session=True,
    )
    cloud.admin("POST", "faults", kind=kind, operation="ec2:CreateKeyPair", pid=client.pid)
    out, _ = client.communicate(b"\n", timeout=30)
    assert (client.returncode, out) == (-signal.SIGKILL, b"")
    assert (kind in names(ec2)) is created


def test_an_invalid_fault_is_an_error(cloud: LocalCloud) -> None:
    for body in ({"kind": "earthquake"}, {"kind": "kill-before", "pid": 1}, {"nonsense": 1}):
        with pytest.raises(CloudError):
            cloud.admin("POST", "faults", **body)


def test_calls_are_listed_in_order_and_a_fault_can_match_mutating_ones_only(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("DELETE", "calls")
    cloud.admin("POST", "faults", kind="throttle", mutating=True)
    ec2.describe_vpcs()
    with refused("RequestLimitExceeded"):
        ec2.create_key_pair(KeyName="unmade")
    calls = cloud.admin("GET", "calls")["calls"]
    assert calls == ["ec2:DescribeVpcs", "ec2:CreateKeyPair"]


def test_a_fault_counts_calls_since_it_was_set(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("POST", "faults", kind="throttle", operation="ec2:DescribeVpcs", at=3)
    ec2.describe_vpcs()
    faults = until(lambda: cloud.admin("GET", "faults")["faults"])
    assert (faults[0]["matched"], faults[0]["times"]) == (1, 1)


def test_durations_can_be_set_by_name(cloud: LocalCloud) -> None:
    before = cloud.admin("GET", "durations")["VPC"]
    cloud.admin("POST", "durations", VPC=7.5)
    assert cloud.admin("GET", "durations")["VPC"] == 7.5
    cloud.admin("POST", "durations", VPC=before)
    with pytest.raises(CloudError, match="Mars"):
        cloud.admin("POST", "durations", Mars=1)


def test_calls_are_recorded_with_their_times(cloud: LocalCloud, ec2: Any) -> None:
    cloud.admin("DELETE", "calls")
    cloud.admin("POST", "faults", kind="slow", operation="ec2:DescribeVpcs", seconds=0.3)
    ec2.describe_vpcs()
    ec2.describe_subnets()
    slow, quick = cloud.admin("GET", "spans")["spans"]
    assert [slow[0], quick[0]] == ["ec2:DescribeVpcs", "ec2:DescribeSubnets"]
    assert slow[2] - slow[1] >= 0.3
    assert quick[1] >= slow[2]
