"""A canary counts failed requests, not log lines about failures, and compares error rates, not numbers."""

from collections.abc import Sequence
from typing import Any

import pytest

from awsprov.errors import RejectedError
from awsprov.resources.function.canary import watch
from tests.unit.fakes import Cloud, FakeAws

FINE = ("START RequestId: 1 Version: 1", "END RequestId: 1", "REPORT RequestId: 1\tDuration: 3 ms")
FAILED = ("[ERROR] KeyError: 'a'\nTraceback (most recent call last):", "END RequestId: 2", "REPORT RequestId: 2\t")
# Two lines tell of a request that took too long.
LATE = ("2026 3 Task timed out after 3.00 seconds", "END RequestId: 3", "REPORT RequestId: 3\tStatus: timeout")
STARTED_LATE = ("INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout", *FINE)


class Logs:
    """CloudWatch with these lines of the versions 1 and 2, each version in a stream of its own."""

    def __init__(self, old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> None:
        lines = [("1", line) for each in old for line in each] + [("2", line) for each in new for line in each]
        self.events = [
            {"eventId": str(n), "timestamp": n, "logStreamName": f"2026/01/31/[{version}]abc", "message": line}
            for n, (version, line) in enumerate(lines)
        ]

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"events": self.events}]


def judged(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> None:
    aws = FakeAws(Cloud())
    aws.__dict__["logs"] = Logs(old, new)
    watch(aws, "group", "1", "2", 0.05)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([FINE], [FINE, FAILED]),
        ([FINE, FINE, FAILED], [FAILED, FINE]),
        ([], [LATE]),
    ],
)
def test_a_version_with_a_higher_error_rate_is_rejected(
    old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]
) -> None:
    with pytest.raises(RejectedError, match="Version 2 of group failed more often than version 1") as raised:
        judged(old, new)
    assert str(raised.value.why).splitlines()[1] in (FAILED[0].splitlines()[0], LATE[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([FINE], [FINE]),
        ([FAILED], [LATE]),
        ([FAILED, FINE], [FINE, FAILED, FINE]),
        ([FINE], [STARTED_LATE]),
        ([FINE], []),
        ([FINE], [FAILED[:1]]),  # the request goes on, or its end is not in the log yet
    ],
)
def test_a_version_without_a_higher_error_rate_goes_live(
    old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]
) -> None:
    judged(old, new)
