"""The canary: a new version serves a share of the requests for a while, and must fail no oftener than the old one."""

from contextlib import suppress

from awsprov.aws import Aws
from awsprov.errors import RejectedError, TimedOutError
from awsprov.logs import Query, ago, events

_SHOWN = 5  # log lines in an error
_REQUEST = "REPORT RequestId"  # Lambda writes such a line for each request


def watch(aws: Aws, group: str, old: str, new: str, seconds: float) -> None:
    """Return when the time is over. The log is asked: it tells of a failure in seconds, metrics in a minute.

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
        aws.eventually(lambda: _worse(aws, group, old, new, start), seconds, f"version {new} to fail")
        failed = [line for version, line in _failures(aws, group, start) if version == new]
        raise RejectedError(
            f"Version {new} failed more often than version {old}, and serves nothing any more.",
            why="\n".join(["Its last log lines:", *failed[-_SHOWN:]]),
            remedy=f"Mend it and deploy again. `awsprov invoke --qualifier {new}` sends it requests.",
        )


def _worse(aws: Aws, group: str, old: str, new: str, start: int) -> bool:
    failures = [version for version, _ in _failures(aws, group, start)]
    if new not in failures:
        return False
    served = [_version(event["logStreamName"]) for event in events(aws, group, Query(start, _REQUEST))]
    now, before = (failures.count(each) / max(served.count(each), 1) for each in (new, old))
    return now > before


def _failures(aws: Aws, group: str, start: int) -> list[tuple[str, str]]:
    """Version and text of each log line that tells of a failure."""
    found = events(aws, group, Query(start, errors=True))
    return [(_version(event["logStreamName"]), str(event["message"]).rstrip()) for event in found]


def _version(stream: str) -> str:
    """The version that wrote a log stream: `2026/01/31/[7]0123abcd` is of version 7."""
    return stream.partition("[")[2].partition("]")[0]
