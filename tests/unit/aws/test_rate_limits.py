"""AWS's rates: a few calls are sent at once, many have to wait, and all are sent in the end."""

import time

import pytest
from moto import mock_aws

from awsprov.aws.client import Aws
from awsprov.aws.rate_limits import RATE_LIMITS, RateLimit, RateLimiter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_burst_is_sent_at_once_and_the_rest_at_the_rate(clock: list[float]) -> None:
    limiter = RateLimiter((RateLimit(("lambda:*",), 0.5, 3),))
    assert [limiter.reserve("lambda:CreateFunction") for _ in range(5)] == pytest.approx([0, 0, 0, 0.5, 1.0])
    assert limiter.reserve("ec2:CreateVpc") == 0
    clock[0] += 100
    assert limiter.reserve("lambda:CreateFunction") == 0


@pytest.mark.parametrize(
    ("operation", "count", "last"),
    [("apigateway:CreateRestApi", 3, 6.0), ("lambda:CreateFunction", 100, 85 / 15), ("lambda:GetFunction", 100, 0.0),
     ("apigateway:CreateResource", 30, 5.0), ("apigateway:PutMethod", 60, 2.0)],
)  # fmt: skip
def test_aws_s_own_rates_are_known(clock: list[float], operation: str, count: int, last: float) -> None:
    limiter = RateLimiter()
    turns = [limiter.reserve(operation) for _ in range(count)]
    assert turns[-1] == pytest.approx(last)
    assert clock


def test_a_stack_of_usual_size_is_never_delayed(clock: list[float]) -> None:
    limiter = RateLimiter()
    usual = ["CreateRestApi", "GetResources", "CreateResource", "PutMethod", "PutIntegration", "CreateDeployment",
             "CreateStage", "UpdateStage", *["GetStage"] * 3]  # fmt: skip
    functions = ["GetFunction", "CreateFunction", "PublishVersion", "CreateAlias", "AddPermission", *["GetAlias"] * 5]
    calls = [f"apigateway:{name}" for name in usual] + [f"lambda:{name}" for name in functions]
    assert max(limiter.reserve(call) for call in calls) == 0
    assert clock
    assert all(rate.burst >= 1 for rate in RATE_LIMITS)


def test_calls_are_delayed_to_the_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws = Aws("demo", "us-east-1")
    aws.rate_limiter = RateLimiter((RateLimit(("ec2:*",), 0.2, 1),))
    began = time.monotonic()
    with mock_aws():
        for _ in range(3):
            aws.ec2.describe_vpcs()
    assert time.monotonic() - began >= 0.4
