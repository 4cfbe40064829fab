"""A function's log lines: those of a time, of a text, of failures, or of one request."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code
from awsprov.errors import NoStackError

POLL = 1.0  # seconds between two looks at a log that is followed
LATE = 10_000  # milliseconds that a line may come in after one that is younger
# What a line has in it that tells of a failure: Python's logging in Lambda's two formats, a traceback, Lambda's own
# words (Lambda developer guide, "Working with Lambda function logs" and "Lambda runtime environment lifecycle").
FAILURES = (
    "[ERROR]", "[CRITICAL]", '"ERROR"', '"CRITICAL"', "Traceback (most recent call last)",
    "Task timed out", "Status: error", "Status: timeout", "Runtime exited",
)  # fmt: skip
# The line that ends a request's, in Lambda's two formats.
_OVER = re.compile(r"REPORT RequestId|platform\.report")


@dataclass(frozen=True)
class Query:
    """Which lines are wanted.

    Arguments:
        start: milliseconds since the epoch.
        text: a text that a line must have in it.
        errors: only lines that tell of a failure.
        also: lines of this text besides those.
    """

    start: int
    text: str = ""
    errors: bool = False
    also: str = ""

    @property
    def pattern(self) -> str:
        """The same for CloudWatch, as far as it can be said there: of text and failures it looks for one only."""
        if self.text:
            return _quoted(self.text)
        wanted = [*FAILURES, *filter(None, [self.also])]
        return " ".join(f"?{_quoted(each)}" for each in wanted) if self.errors else ""

    def takes(self, message: str) -> bool:
        """Whether a line is wanted."""
        besides = bool(self.also) and self.also in message
        return self.text in message and (not self.errors or failure(message) or besides)


def failure(message: str) -> bool:
    """Whether a line tells of a failure."""
    return any(each in message for each in FAILURES)


def events(aws: Aws, group: str, query: Query, again: Callable[[], bool] = lambda: False) -> Iterator[Any]:
    """Log events, oldest first, each once.

    Arguments:
        group: the log group.
        query: which ones.
        again: asked after each look, whether there is to be another one; it may take its time.

    Raises:
        NoStackError: there is no such group.
    """
    seen: set[str] = set()
    start = query.start
    while True:
        for event in _found(aws, group, startTime=start, filterPattern=query.pattern):
            if event["eventId"] not in seen and query.takes(event["message"]):
                seen.add(event["eventId"])
                start = max(start, event["timestamp"] - LATE)
                yield event
        if not again():
            return


def of_request(aws: Aws, group: str, request: str, start: int) -> list[Any]:
    """All lines of one request, those included that do not name it: a stream serves one request at a time.

    Arguments:
        request: its id, as `invoke --async`, an API's answer or a START line tells it.
        start: how far back to look; milliseconds since the epoch.
    """
    named = list(events(aws, group, Query(start, request)))
    found: list[Any] = []
    for stream in dict.fromkeys(event["logStreamName"] for event in named):  # Lambda tries an event again elsewhere
        its = [event for event in named if event["logStreamName"] == stream]
        over = any(_OVER.search(event["message"]) for event in its)
        until = {"endTime": max(event["timestamp"] for event in its) + 1} if over else {}
        began = min(event["timestamp"] for event in its)
        around = list(_found(aws, group, logStreamNames=[stream], startTime=began, **until))
        found += _between(around, request, over)
    return found


def _between(listed: list[Any], request: str, over: bool) -> list[Any]:
    """From the first line that names the request to the last one; to the end while it runs."""
    places = [place for place, event in enumerate(listed) if request in event["message"]]
    return listed[places[0] : places[-1] + 1 if over else None] if places else []


def _found(aws: Aws, group: str, **asked: Any) -> Iterator[Any]:
    if not asked.get("filterPattern"):
        asked.pop("filterPattern", None)
    asked["interleaved"] = True  # by time over all streams; AWS always does, moto when it is asked to
    try:
        for page in aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **asked):
            yield from page["events"]
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        raise NoStackError(f"The log group {group} is gone.", remedy="Run `awsprov up`.") from error


def _quoted(text: str) -> str:
    """A text as it stands, in CloudWatch's pattern syntax."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ago(seconds: float) -> int:
    """A moment as CloudWatch counts it: milliseconds since the epoch."""
    return int((time.time() - seconds) * 1000)
