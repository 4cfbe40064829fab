"""Failed requests of a function, from its log: one for each request, however many lines it has written.

A log stream holds one request at a time, and its REPORT line is the last one. Lines of an initialisation come before
the request that caused it (Lambda developer guide, "Lambda execution environment lifecycle").
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.log_query import (
    TRACEBACK,
    Query,
    join_tracebacks,
    log_events,
    milliseconds_ago,
    reports_failure,
    request_events,
)

_END = "REPORT RequestId"
UNUSABLE = "The API cannot use what"  # in what the loader logs about a result, with which API Gateway answers 5xx
_NEARLY_UP = "The time is nearly up."  # in what awsprov's loader logs before a time-out, with the place in the code
_TOO_LARGE = "Error Type: Function.ResponseSizeTooLarge"
_INIT = "INIT_REPORT"  # of an initialisation that failed or took too long: Lambda repeats it inside of the request
_WINDOWS = (3600.0, 86400.0, 7 * 86400.0)  # seconds back from now
_PATIENCE = 5.0  # seconds after which no older lines are searched
_BEFORE = 5000  # milliseconds before a time-out in which the loader has logged where the code was
_MOST_STREAMS = 100  # of one query (CloudWatch Logs API reference, FilterLogEvents)
_REQUEST = re.compile(r"RequestId: ([0-9a-f-]{36})")
_ERROR_TYPE = re.compile(r"Error Type: (\S+)")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z\s+")
_TIMED_OUT = re.compile(r"^\S+ ([0-9a-f-]{36}) (Task timed out .*)")
_LOGGED = re.compile(r"^\[(?:ERROR|CRITICAL)\]\t\S+\t(\S*)\t(.*)")  # of Python's logging: level, time, request, message
_FRAME = re.compile(r'^\s*File "([^"]+)",? (?i:line) (\d{1,9})(?:, in (\S+))?', re.MULTILINE)
_RAISED = re.compile(r"\[ERROR\] [\w.]+: (.*?)(?:\nTraceback \(most recent call last\):|\Z)", re.DOTALL)
_MACHINERY = re.compile(r"importlib|awslambdaric|_awsprov")  # in the file names of frames that are not the handler's


@dataclass(frozen=True)
class Frame:
    """A place in the traceback of an error: file, line, and the name of the function or `<module>`."""

    file: str
    line: int
    name: str


@dataclass(frozen=True)
class FailedRequest:
    """A request that failed, or that logged an error.

    Arguments:
        at: the time of its first line about a failure.
        messages: the log events about the failure, oldest first; with the REPORT line if the request has ended.
    """

    at: datetime
    messages: tuple[str, ...]

    @cached_property
    def request_id(self) -> str:
        """The request id; empty if the request has not ended and no line contains it."""
        found = [_REQUEST.search(each) or _TIMED_OUT.match(each) for each in reversed(self.messages)]
        return next((match[1] for match in found if match), "")

    @cached_property
    def is_logged_only(self) -> bool:
        """Whether nothing but the handler's own logging reports an error: Lambda counts the request as a success."""
        reports = [each for each in self.messages if reports_failure(each)]
        logged = all(_LOGGED.match(each) or each.startswith("Traceback") for each in reports)
        return logged and not any(UNUSABLE in each for each in reports)

    @cached_property
    def _main(self) -> str:
        """The most informative event: a time-out or exit, then the last error, then the REPORT line.

        For a response that is too large, it is the REPORT line: the runtime logs a traceback of its own.
        """
        if ended := [each for each in self.messages if each.startswith(_END) and _TOO_LARGE in each]:
            return ended[-1]
        events = [each for each in self.messages if reports_failure(each) and not each.startswith((_INIT, _END))]
        platform = [each for each in events if "Task timed out" in each or "Runtime exited" in each]
        return (platform or events or list(self.messages))[-1].replace("\r", "\n")  # the runtime may end lines with \r

    @cached_property
    def error(self) -> str:
        """The error in one line, without Lambda's prefixes: type and message."""
        lines = self._main.strip().splitlines() or [""]
        first = (lines[-1] if lines[0] == TRACEBACK else lines[0]).strip()
        if self._main.startswith((_INIT, _END)):
            kind = _ERROR_TYPE.search(self._main)
            return kind[1] if kind else first
        for pattern in (_TIMED_OUT, _LOGGED):
            if found := pattern.match(first):
                return found[2]
        exited = re.sub(r"^RequestId: \S+ Error: ", "", first)
        return _TIMESTAMP.sub("", re.sub(r"^\[ERROR\]\s*", "", exited))

    def is_mapped_by(self, patterns: Iterable[str]) -> bool:
        """Return whether it is an exception whose message matches one of API Gateway's selection patterns."""
        raised = _RAISED.match(self._main)
        return raised is not None and any(re.fullmatch(pattern, raised[1]) for pattern in patterns)

    @cached_property
    def text(self) -> str:
        """All events about the failure, in one text."""
        return "\n".join(each.rstrip() for each in self.messages)

    @cached_property
    def frames(self) -> list[Frame]:
        """The traceback of the error without the frames of the import machinery and of Lambda's runtime.

        After a time-out: where the code was shortly before.
        """
        places = [each for each in self.messages if _NEARLY_UP in each] if "timed out" in self._main else []
        text = "\n".join([self._main, *places[-1:]])
        found = [Frame(file, int(line), name or "") for file, line, name in _FRAME.findall(text)]
        return [frame for frame in found if not _MACHINERY.search(frame.file)]


@dataclass(frozen=True)
class FailureSearch:
    """The failed requests that were found in a log.

    Arguments:
        requests: those that failed or logged an error, oldest first.
        since: from when on the log was read, in milliseconds since the epoch.
    """

    requests: tuple[FailedRequest, ...]
    since: int


def failed_requests(aws: Aws, group: str, version: str, start: int) -> FailureSearch:
    """Search for the requests to a version that failed or logged an error.

    The newest lines are read first, then older ones, unless that takes long: CloudWatch reads all lines of the time.

    Arguments:
        aws: the clients.
        group: the function's log group.
        version: the version's number.
        start: the earliest time, in milliseconds since the epoch.

    Raises:
        NoStackError: the log group does not exist.
    """
    events, since = _failing(aws, group, start)
    failing = [each for each in events if f"[{version}]" in each["logStreamName"]]
    events = _with_ends(aws, group, failing, since) if failing else []
    found = sorted(_by_request(events), key=lambda request: request.at)
    return FailureSearch((*found[:-1], *(_with_traceback(aws, group, each) for each in found[-1:])), since)


def _with_traceback(aws: Aws, group: str, request: FailedRequest) -> FailedRequest:
    """Return a request with the whole traceback that its handler printed: each line of it is an event of its own."""
    if not (request.request_id and any(each.strip() == TRACEBACK for each in request.messages)):
        return request
    events = request_events(aws, group, request.request_id, int(request.at.timestamp() * 1000))
    messages = join_tracebacks(str(event["message"]).rstrip() for event in events)
    wanted = (each for each in messages if reports_failure(each) or each.startswith(_END) or _NEARLY_UP in each)
    return replace(request, messages=tuple(wanted))


def _failing(aws: Aws, group: str, start: int) -> tuple[list[Any], int]:
    """Return the events about failures, and from when on they were searched for."""
    began, end, found = time.monotonic(), 0, list[Any]()
    for seconds in _WINDOWS:
        first = max(start, milliseconds_ago(seconds))
        found += log_events(aws, group, Query(first, errors=True, end=end))
        if first == start or time.monotonic() - began > _PATIENCE:
            return found, first
        end = first - 1
    return found + list(log_events(aws, group, Query(start, errors=True, end=end))), start


def _with_ends(aws: Aws, group: str, failing: list[Any], start: int) -> list[Any]:
    """Return the events about failures, and the ends of all requests in their streams since the first of them."""
    first_failure = min(each["timestamp"] for each in failing)
    streams = sorted({each["logStreamName"] for each in failing})
    query = Query(max(start, first_failure - _BEFORE), errors=True, also=(_END, _NEARLY_UP))
    parts = [tuple(streams[first : first + _MOST_STREAMS]) for first in range(0, len(streams), _MOST_STREAMS)]
    return [event for part in parts for event in log_events(aws, group, replace(query, streams=part))]


def _by_request(events: list[Any]) -> Iterator[FailedRequest]:
    streams = defaultdict[str, list[Any]](list)
    for event in events:
        streams[event["logStreamName"]].append(event)
    for stream in streams.values():
        request: list[Any] = []
        for event in stream:
            request.append(event)
            if str(event["message"]).startswith(_END):
                yield from _failed(request)
                request = []
        yield from _failed(request)


def _failed(request: list[Any]) -> Iterator[FailedRequest]:
    """Yield a request if it failed. An initialisation that took too long is no failure: its request may succeed."""
    messages = tuple(str(event["message"]) for event in request)
    if any(reports_failure(each) and not each.startswith(_INIT) for each in messages):
        yield FailedRequest(datetime.fromtimestamp(request[0]["timestamp"] / 1000, UTC), messages)
