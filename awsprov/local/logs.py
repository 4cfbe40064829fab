"""CloudWatch Logs for functions and APIs: events are added to moto's log groups directly, and limited in number.

moto keeps every event for ever, twice (its models track their instances), and handles one request at a time. Functions
log at every invocation, so events are added here, and the oldest ones of a group are dropped. Dictionaries that moto
iterates over are replaced, not changed: it may iterate at the same time.
"""

import itertools
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.logs import models as logs
from moto.logs import utils as patterns

from awsprov.local.cloud import Cloud, account_backends

MAX_EVENTS = 10_000  # in a group
_SLACK = 500  # events above it before the oldest are dropped, so that not every write drops some

_ESCAPE = re.compile(r"\\(.)")  # a backslash and what it escapes

_writing = threading.Lock()
# moto numbers events from 0 at each start, but clients that follow a log identify events by number
_numbers = itertools.count(time.time_ns())


class _QuotedTerm(patterns.QuotedTermFilterPattern):  # type: ignore[misc]  # moto has no types
    """A filter pattern in quotes. moto does not read the escapes in it."""

    def matches(self, message: str) -> bool:
        return _ESCAPE.sub(r"\1", self.term[1:-1]) in message


patterns.QuotedTermFilterPattern = _QuotedTerm


@dataclass(frozen=True)
class LogLine:
    """One log event.

    Arguments:
        timestamp: milliseconds since the epoch.
        message: with its line end, as Lambda writes it.
    """

    timestamp: int
    message: str


def epoch_ms() -> int:
    """Return the time in milliseconds since the epoch, as in CloudWatch Logs."""
    return time.time_ns() // 1_000_000


def write(cloud: Cloud, region: str, group_name: str, stream_name: str, lines: Iterable[LogLine]) -> None:
    """Append lines to a log stream; create the group and the stream if they are missing."""
    ordered = _ordered(lines)
    if not ordered:
        return
    group = _group(cloud, region, group_name)
    with _writing:
        stream = _stream(group, stream_name)
        stream.last_ingestion_time = utcnow()
        stream.stored_bytes += sum(len(line.message) for line in ordered)
        stream.upload_sequence_token += 1
        arrived = epoch_ms()
        stream.events.extend([_event(line, arrived) for line in ordered])
        _drop_oldest(group)


def ensure_group(cloud: Cloud, region: str, name: str) -> None:
    """Create a log group if it is missing."""
    _group(cloud, region, name)


def _ordered(lines: Iterable[LogLine]) -> list[LogLine]:
    """Make no timestamp later than the next one: printed lines have the time at which they were read."""
    ordered: list[LogLine] = []
    for line in reversed(list(lines)):
        if ordered and line.timestamp > ordered[-1].timestamp:
            line = LogLine(ordered[-1].timestamp, line.message)  # noqa: PLW2901
        ordered.append(line)
    return ordered[::-1]


def _group(cloud: Cloud, region: str, name: str) -> Any:
    backend = account_backends(logs.logs_backends)[region]
    group = backend.groups.get(name)
    if group is None:
        with cloud.lock:
            backend.ensure_log_group(name)
            group = backend.groups[name]
    return group


def _stream(group: Any, name: str) -> Any:
    if name not in group.streams:
        group.streams = {**group.streams, name: logs.LogStream(log_group=group, name=name)}
    return group.streams[name]


def _event(line: LogLine, arrived: int) -> Any:
    """Create an event without the model's `__new__`, which would track it for ever."""
    event: Any = object.__new__(logs.LogEvent)
    event.ingestion_time = arrived
    event.timestamp = line.timestamp
    event.message = line.message
    event.event_id = f"{next(_numbers):056d}"
    return event


def _drop_oldest(group: Any) -> None:
    excess = sum(len(stream.events) for stream in group.streams.values()) - MAX_EVENTS
    if excess < _SLACK:
        return
    while excess > 0:
        filled = [stream for stream in group.streams.values() if stream.events]
        oldest = min(filled, key=lambda stream: stream.events[0].timestamp)
        dropped = max(1, min(excess, len(oldest.events) // 2))
        oldest.events = oldest.events[dropped:]
        excess -= dropped
    latest = next(reversed(group.streams))
    group.streams = {name: stream for name, stream in group.streams.items() if stream.events or name == latest}
