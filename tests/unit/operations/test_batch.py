"""Many records through a function: order, resumption, failures, and what is never sent twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from awsprov.aws.errors import ClientError
from awsprov.aws.invocation import InvocationResult
from awsprov.errors import AwsprovError, InterruptedByUserError, LockedError, UsageError
from awsprov.operations.batch import Batch, Progress, sender
from awsprov.operations.batch_results import RecordResult, open_results


class Double:
    """A function that doubles numbers, takes some time for it, and counts what it was sent."""

    def __init__(self, fails: dict[int, RecordResult] | None = None) -> None:
        self.sent: Counter[int] = Counter()
        self.fails = fails or {}
        self.most, self._now, self._lock = 0, 0, threading.Lock()

    def __call__(self, payload: bytes) -> RecordResult:
        number = json.loads(payload)["n"]
        with self._lock:
            self.sent[number] += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(random.random() / 200)
        with self._lock:
            self._now -= 1
        return self.fails.get(number) or RecordResult(number * 2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"n": {n}}}\n' for n in range(1, 101)))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def batch(source: Path, target: Path, send: Any, concurrency: int = 8) -> Batch:
    return Batch(source, target, send, concurrency, threading.Event())


def results(target: Path) -> list[Any]:
    return [json.loads(line) for line in target.read_text().splitlines()]


def complete(target: Path) -> bool:
    return [(each["line"], each["response"]) for each in results(target)] == [(n, n * 2) for n in range(1, 101)]


def test_answers_arrive_in_the_order_of_the_records_with_as_many_at_once_as_requested(
    source: Path, target: Path
) -> None:
    double = Double()
    done = batch(source, target, double).run()
    assert complete(target)
    assert (done.records, done.before, done.sent, done.failed) == (100, 0, 100, {})
    assert 2 <= double.most <= 8


def test_what_has_an_answer_is_not_sent_again(source: Path, target: Path) -> None:
    batch(source, target, Double()).run()
    before, again = target.read_bytes(), Double()
    assert batch(source, target, again).run().sent == 0
    assert not again.sent
    assert target.read_bytes() == before


def test_a_stopped_run_keeps_all_results_and_continues_from_there(source: Path, target: Path) -> None:
    double = Double()
    first = batch(source, target, double)

    def stop(now: Progress) -> None:
        if now.sent == 30:
            first.stop.set()

    with pytest.raises(InterruptedByUserError, match="of 100 records have no result yet"):
        first.run(stop)
    assert 30 <= len(results(target)) == len(double.sent) < 60
    assert [each["line"] for each in results(target)] == sorted(each["line"] for each in results(target))
    batch(source, target, double).run()
    assert complete(target)
    assert set(double.sent.values()) == {1}


def test_a_last_line_that_was_cut_short_is_removed(source: Path, target: Path) -> None:
    batch(source, target, Double()).run()
    os.truncate(target, target.stat().st_size - 7)
    again = Double()
    assert batch(source, target, again).run().before == 99
    assert again.sent == {100: 1}
    assert complete(target)


@pytest.mark.parametrize("seconds", [0.15, 0.4])
def test_killed_it_loses_nothing_that_came(source: Path, target: Path, seconds: float) -> None:
    log = target.with_suffix(".log")
    code = f"""
import json, threading, time
from pathlib import Path
from awsprov.operations.batch_results import RecordResult
from awsprov.operations.batch import Batch
def send(payload):
    number = json.loads(payload)["n"]
    time.sleep(0.02 * (number % 5))
    return RecordResult(number * 2)
print("ready", flush=True)
Batch(Path({str(source)!r}), Path({str(target)!r}), send, 4, threading.Event()).run(
    lambda now: Path({str(log)!r}).write_text(str(now.sent)))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    came, again = int(log.read_text() or 0) if log.exists() else 0, Double()
    done = batch(source, target, again).run()
    assert came <= done.before < 100
    assert done.before + len(again.sent) == 100
    assert complete(target)


def test_failed_records_are_reported_and_sent_again_the_next_time(source: Path, target: Path) -> None:
    failing = Double({7: RecordResult(error="Unhandled: ValueError: seven")})
    done = batch(source, target, failing).run()
    assert done.failed == {7: "Unhandled: ValueError: seven"}
    assert results(target)[6]["error"] == "Unhandled: ValueError: seven"
    assert len(results(target)) == 100
    again = Double()
    batch(source, target, again).run()
    assert again.sent == {7: 1}
    assert complete(target)


def test_when_lambda_refuses_all_the_time_the_rest_is_not_sent(source: Path, target: Path) -> None:
    refused = Double({n: RecordResult(error="AccessDenied", refused=True) for n in range(1, 101)})
    with pytest.raises(AwsprovError, match="20 records in a row") as raised:
        batch(source, target, refused).run()
    assert raised.value.why == "AccessDenied"
    assert len(refused.sent) < 40


def test_all_invalid_records_are_reported_before_anything_is_sent(source: Path, target: Path) -> None:
    source.write_text('{"n": 1}\nnope\n\n{"n": 2}\n{"n": \n')
    double = Double()
    with pytest.raises(UsageError) as raised:
        batch(source, target, double).run()
    assert "line 2" in raised.value.why
    assert "line 5" in raised.value.why
    assert not double.sent
    assert not target.exists()


def test_a_record_that_is_nested_too_deeply_is_reported(source: Path, target: Path) -> None:
    source.write_text("[" * 100_000)
    with pytest.raises(UsageError) as raised:
        batch(source, target, Double()).run()
    assert "line 1" in raised.value.why


def test_empty_lines_are_passed_over_and_lines_keep_their_numbers(source: Path, target: Path) -> None:
    source.write_text('\n{"n": 1}\n\n{"n": 2}')
    batch(source, target, Double()).run()
    assert [(each["line"], each["response"]) for each in results(target)] == [(2, 2), (4, 4)]


def test_answers_to_other_records_are_not_mixed_in(source: Path, target: Path) -> None:
    batch(source, target, Double()).run()
    before = target.read_bytes()
    source.write_text(source.read_text().replace('"n": 3}', '"n": 33}'))
    with pytest.raises(UsageError, match=r"out\.jsonl:3 is the result of another record"):
        batch(source, target, Double()).run()
    assert target.read_bytes() == before


@pytest.mark.parametrize("text", ["hello\n", "[1]\n", '{"some": "other file"}\n', "[" * 100_000 + "\n"])
def test_another_file_is_not_written_to(source: Path, target: Path, text: str) -> None:
    target.write_text(text)
    with pytest.raises(UsageError, match="is not a batch result"):
        batch(source, target, Double()).run()
    assert target.read_text() == text


def test_two_runs_do_not_share_a_file(source: Path, target: Path) -> None:
    with open_results(target), pytest.raises(LockedError):
        batch(source, target, Double()).run()


# ---- one record through Lambda


class Lambda:
    """Lambda, which throttles so many times first."""

    def __init__(self, throttles: int) -> None:
        self.throttles = throttles

    def invoke(self, *_: Any) -> InvocationResult:
        if self.throttles:
            self.throttles -= 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        return InvocationResult(b'{"ok": true}', "", "", "1", "id")


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Any:
    from awsprov.aws.client import Aws  # its clients are not needed otherwise

    def make(throttles: int) -> Any:
        monkeypatch.setattr("awsprov.operations.batch.invoke", Lambda(throttles).invoke)
        return sender(Aws("demo", "us-east-1"), "f", "live")

    return make


def test_a_throttled_record_is_sent_again_later(send: Any) -> None:
    began = time.monotonic()
    assert send(3)(b"{}") == RecordResult({"ok": True})
    assert time.monotonic() - began > 0.3


def test_a_record_that_stays_throttled_is_refused_with_the_reason(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awsprov.operations.batch._THROTTLE_TIMEOUT", 0.3)
    answer = send(1000)(b"{}")
    assert answer.refused
    assert "Lambda to accept the record" in answer.error
