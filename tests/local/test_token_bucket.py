"""The token bucket of API Gateway's throttling."""

import time

import pytest

from awsprov.local.token_bucket import TokenBucket


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the bucket, as the only item of a list."""
    seconds = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return seconds


def test_a_burst_is_allowed_and_then_the_rate(clock: list[float]) -> None:
    bucket = TokenBucket(2)
    assert [bucket.take(1, 2) for _ in range(3)] == [True, True, False]
    clock[0] = 1.0
    assert [bucket.take(1, 2) for _ in range(2)] == [True, False]


def test_unused_tokens_are_kept_up_to_the_burst(clock: list[float]) -> None:
    bucket = TokenBucket(2)
    clock[0] = 60.0
    assert [bucket.take(1, 2) for _ in range(3)] == [True, True, False]


def test_a_new_rate_applies_at_once(clock: list[float]) -> None:
    bucket = TokenBucket(1)
    assert bucket.take(0.1, 1)
    clock[0] = 0.5
    assert not bucket.take(0.1, 1)
    assert bucket.take(100, 100) is False  # no time has passed since
    clock[0] = 0.6
    assert bucket.take(100, 100)
