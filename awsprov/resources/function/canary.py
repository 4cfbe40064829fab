"""The canary: a new version serves a share of the requests for a while, and must fail no oftener than the old one.

The log is asked, not CloudWatch's metrics, although these count by version, too: they come a minute at a time and some
minutes late, when a canary of five minutes should be over.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field

from awsprov.aws.client import Aws
from awsprov.aws.log_query import Query, ago, events, failure
from awsprov.errors import RejectedError, TimedOutError

_SHOWN = 5  # log lines in an error
_END = "REPORT RequestId"  # Lambda ends each request with such a line
_START = "INIT_REPORT"  # a start that took too long; the request that it was for may well be answered


@dataclass
class _Tally:
    """A version's requests: how many came to an end, how many of them failed, and the lines that tell of it."""

    ended: int = 0
    failed: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.failed / max(self.ended, 1)


def watch(aws: Aws, group: str, old: str, new: str, seconds: float) -> None:
    """Return when the time is over.

    Arguments:
        group: the function's log group.
        old: the version that serves the other requests.
        new: the version that is watched.
        seconds: how long.

    Raises:
        RejectedError: the new version fails in more of its requests than the old; carries its log lines.
    """
    start = ago(0)
    with suppress(TimedOutError):
        lines = aws.wait_until(lambda: _worse(aws, group, old, new, start), seconds, f"version {new} to fail")
        raise RejectedError(
            f"Version {new} failed more often than version {old}, and serves nothing any more.",
            why="\n".join(["Its last log lines:", *lines[-_SHOWN:]]),
            remedy=f"Fix it and deploy again. `awsprov invoke --qualifier {new}` sends it requests.",
        )


def _worse(aws: Aws, group: str, old: str, new: str, start: int) -> list[str]:
    """The new version's lines, once it is worse than the old one; nothing otherwise."""
    tallies = _tallies(aws, group, start)
    return tallies[new].lines if tallies[new].share > tallies[old].share else []


def _tallies(aws: Aws, group: str, start: int) -> dict[str, _Tally]:
    """By version. A stream serves one request at a time: what it tells before a request's end is of that request."""
    found, failing = defaultdict[str, _Tally](_Tally), set[str]()
    for event in events(aws, group, Query(start, errors=True, also=_END)):
        stream, line = event["logStreamName"], str(event["message"]).rstrip()
        tally = found[_version(stream)]
        if failure(line) and not line.startswith(_START):
            failing.add(stream)
            tally.lines.append(line)
        if line.startswith(_END):
            tally.ended += 1
            tally.failed += stream in failing
            failing.discard(stream)
    return found


def _version(stream: str) -> str:
    """The version that wrote a log stream: `2026/01/31/[7]0123abcd` is of version 7."""
    return stream.partition("[")[2].partition("]")[0]
