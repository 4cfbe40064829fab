"""The query that CloudWatch gets, and which part of the response is used."""

import threading
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.log_query import (
    FAILURES,
    LATE,
    Query,
    _between,
    _Log,
    merged_events,
    milliseconds_ago,
    whole_traceback,
)
from awsprov.aws.polling import wait_until


def test_a_text_is_searched_for_literally() -> None:
    assert Query(0, 'say "hi" \\ there').pattern == '"say \\"hi\\" \\\\ there"'
    assert Query(0).pattern == ""
    assert Query(0, errors=True).pattern.count('?"') == len(FAILURES)


def test_a_time_span_longer_than_that_since_the_epoch_is_everything() -> None:
    assert milliseconds_ago(99_999 * 86400) == 0


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        ("[ERROR] ValueError: thirteen\nTraceback (most recent call last):", True),
        ('{"timestamp": "2026", "level": "ERROR", "message": "no"}', True),
        ("2026-11-24T11:00:00Z 1f2e Task timed out after 3.00 seconds", True),
        ("REPORT RequestId: 1\tStatus: error\tError Type: Runtime.ExitError", True),
        ("REPORT RequestId: 1\tDuration: 3 ms", False),
        ("[INFO] there were no errors", False),
    ],
)
def test_failures_are_known_by_their_marks(message: str, taken: bool) -> None:
    assert Query(0, errors=True).matches(message) is taken
    assert Query(0).matches(message)
    assert not Query(0, "thirty", errors=True).matches(message)


@pytest.mark.parametrize("over", [True, False])
def test_a_request_has_all_lines_up_to_its_report_or_while_it_runs_all_that_come(over: bool) -> None:
    its = ["INIT_START", "loading", "START 4f1c", "at work", *(["REPORT RequestId: 4f1c"] if over else [])]
    earlier = ["START 3a00", "REPORT RequestId: 3a00"]
    listed = [{"message": line} for line in [*earlier, *its, *(["START 9d00"] if over else [])]]
    assert [event["message"] for event in _between(listed, "4f1c", over)] == its


class Logs:
    """CloudWatch Logs with the events of log groups: their times, by group."""

    def __init__(self, **times: list[int]) -> None:
        self.times, self.starts = times, dict[str, list[int]]()

    def get_paginator(self, operation: str) -> "Logs":
        """Return the pages of a listing."""
        assert operation == "filter_log_events"
        return self

    def paginate(self, **asked: Any) -> list[Any]:
        """Return one page."""
        group, start = asked["logGroupName"], asked["startTime"]
        self.starts.setdefault(group, []).append(start)
        return [
            {
                "events": [
                    {"eventId": str(at), "timestamp": at, "message": ""} for at in self.times[group] if at >= start
                ]
            }
        ]


def test_several_logs_are_followed_together_and_each_event_is_yielded_once() -> None:
    logs = Logs(a=[LATE, LATE + 3], b=[LATE + 1, LATE + 2])

    def poll() -> bool:
        logs.times["a"].append(LATE + 5)
        logs.times["b"] += [LATE + 4, LATE + 6]
        return len(logs.starts["a"]) < 2

    found = merged_events(cast("Aws", SimpleNamespace(logs=logs)), ["a", "b"], Query(1), poll)
    assert [(group, event["timestamp"] - LATE) for group, event in found] == [
        ("a", 0), ("b", 1), ("b", 2), ("a", 3), ("b", 4), ("a", 5), ("b", 6),
    ]  # fmt: skip
    assert logs.starts == {"a": [1, 3], "b": [1, 2]}  # a line can be listed late


def test_what_was_found_is_forgotten_when_it_cannot_be_listed_again() -> None:
    logs = Logs(a=[at * LATE // 2 for at in range(100)])
    log = _Log(cast("Aws", SimpleNamespace(logs=logs)), "a", Query(0))
    assert len(list(log.new_events())) == 100
    assert list(log.new_events()) == []
    assert len(log._found) < 5


PRINTED = ["at work", "Traceback (most recent call last):", '  File "app.py", line 3', "ValueError: thirteen", "done"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [(1, "\n".join(PRINTED[1:4])), (3, "ValueError: thirteen")],
    ids=["its first line", "another line"],
)
def test_a_printed_traceback_is_one_event(line: int, shown: str) -> None:
    events = [
        {"eventId": str(number), "timestamp": 7, "logStreamName": "s", "message": f"{text}\n"}
        for number, text in enumerate(PRINTED)
    ]
    paginator = SimpleNamespace(paginate=lambda **sent: [{"events": events if sent["logStreamNames"] == ["s"] else []}])
    found = whole_traceback(polling(paginator), "group", events[line])
    assert (found["message"].rstrip(), found["eventId"]) == (shown, str(line))


def test_lines_of_a_traceback_that_are_listed_later_are_waited_for_but_not_if_they_must_be_there() -> None:
    now = milliseconds_ago(0)
    events = [
        {"eventId": str(number), "timestamp": now, "logStreamName": "s", "message": text}
        for number, text in enumerate(PRINTED[1:4])
    ]
    listed = iter([events[:0], events[:1], events[:2], events])
    paginator = SimpleNamespace(paginate=lambda **_: [{"events": next(listed)}])
    assert whole_traceback(polling(paginator), "group", events[0])["message"] == "\n".join(PRINTED[1:4])
    old, listed = {**events[0], "timestamp": now - LATE}, iter([events[:2]])
    assert whole_traceback(polling(paginator), "group", old)["message"] == "\n".join(PRINTED[1:3])


def polling(paginator: Any) -> Aws:
    """Return clients whose log events are the pages of a paginator."""
    wait = partial(wait_until, stop=threading.Event(), initial_delay=0.01)
    return cast("Aws", SimpleNamespace(logs=SimpleNamespace(get_paginator=lambda _: paginator), wait_until=wait))
