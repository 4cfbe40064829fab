"""The canary: while a new version serves a share of the requests, its failures are compared with the old version's.

Failures are counted in the log. CloudWatch's metrics count them by version, too, but in steps of a minute and some
minutes late, when a canary of five minutes should be over.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field

from awsprov.aws.client import Aws
from awsprov.aws.log_query import Query, log_events, milliseconds_ago, reports_failure
from awsprov.errors import RejectedError, TimedOutError
from awsprov.resources.function.smoke_test import request_hint

_SHOWN = 5  # log lines in an error
_END = "REPORT RequestId"  # begins the line that Lambda writes at the end of each request
_INIT = "INIT_REPORT"  # begins the line about an initialisation that took too long; its request may still succeed


@dataclass
class _Tally:
    """The requests of one version: how many ended, how many of these failed, and the log lines about failures."""

    ended: int = 0
    failed: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def error_rate(self) -> float:
        return self.failed / max(self.ended, 1)


def watch(aws: Aws, group: str, old: str, new: str, seconds: float) -> None:
    """Compare the failures of two versions; return when the time is over.

    Arguments:
        aws: the clients.
        group: the name of the function's log group.
        old: the version that serves the other requests.
        new: the version that is compared with it.
        seconds: how long to compare.

    Raises:
        RejectedError: the new version's error rate is the higher one; carries its log lines.
    """
    start = milliseconds_ago(0)
    with suppress(TimedOutError):
        lines = aws.wait_until(lambda: _failures(aws, group, old, new, start), seconds, f"version {new} to fail")
        function = group.removeprefix("/aws/lambda/")
        name = function.removeprefix(f"{aws.stack}-")
        raise RejectedError(
            f"Version {new} of {function} failed more often than version {old}, to which all requests go again.",
            why="\n".join(["Its last log lines:", *lines[-_SHOWN:]]),
            remedy=f"Correct the code, then `awsprov deploy`. {request_hint(name, new, '')}",
        )


def _failures(aws: Aws, group: str, old: str, new: str, start: int) -> list[str]:
    """Return the new version's log lines about failures if its error rate is higher than the old version's."""
    tallies = _tallies(aws, group, start)
    return tallies[new].lines if tallies[new].error_rate > tallies[old].error_rate else []


def _tallies(aws: Aws, group: str, start: int) -> dict[str, _Tally]:
    """Return a tally for each version. A log stream holds one request at a time: lines before its end belong to it."""
    found, failing = defaultdict[str, _Tally](_Tally), set[str]()
    for event in log_events(aws, group, Query(start, errors=True, also=(_END,))):
        stream, line = event["logStreamName"], str(event["message"]).rstrip()
        tally = found[_version(stream)]
        if reports_failure(line) and not line.startswith(_INIT):
            failing.add(stream)
            tally.lines.append(line)
        if line.startswith(_END):
            tally.ended += 1
            tally.failed += stream in failing
            failing.discard(stream)
    return found


def _version(stream: str) -> str:
    """Return the version that wrote a log stream: 7 for `2026/01/31/[7]0123abcd`."""
    return stream.partition("[")[2].partition("]")[0]
