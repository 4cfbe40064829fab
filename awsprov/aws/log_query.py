"""Queries of a function's log in CloudWatch Logs: by time, by text, by failures, or by request."""

import heapq
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import dropwhile, islice, repeat
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.errors import NoStackError, TimedOutError

POLL_INTERVAL = 1.0  # seconds between two queries of a log that is followed
_INIT = 30_000  # milliseconds before the start of a request in which its initialisation may have begun
LATE = 10_000  # milliseconds by which a line can be listed after a newer one
TRACEBACK = "Traceback (most recent call last):"
_PRINTED_WITHIN = 1000  # milliseconds in which all lines of a traceback are printed
_MOST_LINES = 1000  # that are searched for those of one traceback
# Texts of lines that report a failure: of Python's logging in Lambda's two formats, of a traceback, and of Lambda
# (developer guide, "Working with Lambda function logs" and "Lambda runtime environment lifecycle").
FAILURES = (
    "[ERROR]", "[CRITICAL]", '"ERROR"', '"CRITICAL"', "Traceback (most recent call last)",
    "Task timed out", "Status: error", "Status: timeout", "Runtime exited",
)  # fmt: skip
# The last line of a request, in Lambda's two formats.
_END = re.compile(r"REPORT RequestId|platform\.report")


@dataclass(frozen=True)
class Query:
    """Which lines are wanted.

    Arguments:
        start: the earliest time, in milliseconds since the epoch.
        text: a string that each line must contain.
        errors: only lines that report a failure.
        also: texts; lines that contain one are wanted, too.
        streams: the log streams; empty for all.
        end: the latest time, in milliseconds since the epoch; 0 for none.
    """

    start: int
    text: str = ""
    errors: bool = False
    also: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    end: int = 0

    @property
    def pattern(self) -> str:
        """CloudWatch's filter pattern; with `text` it leaves the failures to `matches`, as it cannot express both."""
        if self.text:
            return _quoted(self.text)
        wanted = [*FAILURES, *self.also]
        return " ".join(f"?{_quoted(each)}" for each in wanted) if self.errors else ""

    def matches(self, message: str) -> bool:
        """Return whether a line is wanted."""
        also = any(each in message for each in self.also)
        return self.text in message and (not self.errors or reports_failure(message) or also)


def reports_failure(message: str) -> bool:
    """Return whether a line reports a failure."""
    return any(each in message for each in FAILURES)


def log_events(aws: Aws, group: str, query: Query) -> Iterator[Any]:
    """Yield the events of a log, oldest first, each once.

    Arguments:
        aws: the clients.
        group: the log group.
        query: which events.

    Raises:
        NoStackError: the log group does not exist.
    """
    return _Log(aws, group, query).new_events()


def merged_events(aws: Aws, groups: Iterable[str], query: Query, poll: Callable[[], bool]) -> Iterator[tuple[str, Any]]:
    """Yield the events of several logs, each once, with its log group: of each query, oldest first.

    Arguments:
        aws: the clients.
        groups: the log groups.
        query: which events.
        poll: is called after each query of all logs; waits, and returns whether to query again.

    Raises:
        NoStackError: a log group does not exist.
    """
    logs = [_Log(aws, group, query) for group in groups]
    while True:
        found = [zip(repeat(log.group), log.new_events(), strict=False) for log in logs]
        yield from heapq.merge(*found, key=lambda each: each[1]["timestamp"])
        if not poll():
            return


class _Log:
    """A log that is queried once or several times, for the events that no earlier query has found."""

    def __init__(self, aws: Aws, group: str, query: Query) -> None:
        self.group, self._aws, self._query = group, aws, query
        self._start, self._found = query.start, dict[str, int]()  # the times of what was found, by event id
        self._more: dict[str, Any] = {"logStreamNames": list(query.streams)} if query.streams else {}
        self._more |= {"endTime": query.end} if query.end else {}

    def new_events(self) -> Iterator[Any]:
        """Yield the events that are new, oldest first."""
        query = self._query
        # What is older is not listed again. A log can be followed for days.
        self._found = {event: at for event, at in self._found.items() if at >= self._start}
        for event in _filter(self._aws, self.group, startTime=self._start, filterPattern=query.pattern, **self._more):
            if event["eventId"] not in self._found and query.matches(event["message"]):
                self._found[event["eventId"]] = event["timestamp"]
                self._start = max(self._start, event["timestamp"] - LATE)
                yield event


def request_events(aws: Aws, group: str, request_id: str, start: int) -> list[Any]:
    """Return all log events of one request, including those without its id: a stream serves one request at a time.

    An initialisation before the request belongs to it.

    Arguments:
        aws: the clients.
        group: the log group.
        request_id: the request id, as in the output of `invoke --async`, an API's response or a START line.
        start: the earliest time, in milliseconds since the epoch.
    """
    named = list(log_events(aws, group, Query(start, request_id)))
    found: list[Any] = []
    for stream in dict.fromkeys(event["logStreamName"] for event in named):  # a retry can run in another stream
        of_stream = [event for event in named if event["logStreamName"] == stream]
        ended = any(_END.search(event["message"]) for event in of_stream)
        until = {"endTime": max(event["timestamp"] for event in of_stream) + 1} if ended else {}
        began = min(event["timestamp"] for event in of_stream) - _INIT
        around = list(_filter(aws, group, logStreamNames=[stream], startTime=began, **until))
        found += _between(around, request_id, ended)
    return found


def whole_traceback(aws: Aws, group: str, event: Any) -> Any:
    """Return an event; if it is the first line of a traceback that a handler printed, with the lines after it.

    Each line that a handler prints is an event of its own. Those that CloudWatch may not list yet are waited for.

    Arguments:
        aws: the clients.
        group: the log group.
        event: an event of it.
    """
    if event["message"].strip() != TRACEBACK:
        return event
    lines = [TRACEBACK]

    def read() -> bool:
        lines[:] = join_tracebacks(_lines_from(aws, group, event)) or lines
        last = lines[0].rpartition("\n")[2]
        return len(lines) > 1 or not (last == TRACEBACK or last.startswith(" "))

    with suppress(TimedOutError):
        aws.wait_until(read, (event["timestamp"] + LATE) / 1000 - time.time(), "the rest of a traceback")
    return {**event, "message": lines[0]}


def _lines_from(aws: Aws, group: str, event: Any) -> Iterator[str]:
    """Yield an event's line and those that the same request printed right after it."""
    start, stream = event["timestamp"], event["logStreamName"]
    around = _filter(aws, group, logStreamNames=[stream], startTime=start, endTime=start + _PRINTED_WITHIN)
    after = dropwhile(lambda each: each["eventId"] != event["eventId"], islice(around, _MOST_LINES))
    return (str(each["message"]).rstrip() for each in after)


def join_tracebacks(lines: Iterable[str]) -> list[str]:
    """Return lines with each traceback as one of them: its indented lines, and the next, with the exception."""
    joined, inside = list[str](), False
    for line in lines:
        if inside and not line.startswith("END RequestId"):
            joined[-1] += f"\n{line}"
            inside = line.startswith(" ")
        else:
            joined.append(line)
            inside = line == TRACEBACK
    return joined


def _between(events: list[Any], request_id: str, ended: bool) -> list[Any]:
    """Return the events after the request before, up to the last with the request id; while it runs, all."""
    places = [place for place, event in enumerate(events) if request_id in event["message"]]
    if not places:
        return []
    ends = [place + 1 for place in range(places[0]) if _END.search(events[place]["message"])]
    return events[max(ends, default=0) : places[-1] + 1 if ended else None]


def _filter(aws: Aws, group: str, **parameters: Any) -> Iterator[Any]:
    if not parameters.get("filterPattern"):
        parameters.pop("filterPattern", None)
    parameters["interleaved"] = True  # by time over all streams: AWS always does so, moto on request
    try:
        for page in aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **parameters):
            yield from page["events"]
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        raise NoStackError(f"The log group {group} does not exist.", remedy="Run `awsprov up`.") from error


def _quoted(text: str) -> str:
    """Return a string as a literal of CloudWatch's pattern syntax."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def milliseconds_ago(seconds: float) -> int:
    """Return the time so many seconds ago, in milliseconds since the epoch; 0, the least that AWS takes, if before."""
    return max(0, int((time.time() - seconds) * 1000))
