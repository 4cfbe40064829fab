"""Sends many records to a function in parallel; an interrupted run can be continued."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, explain
from awsprov.aws.invocation import InvocationResult, invoke, parse_json, to_utf8
from awsprov.errors import AwsprovError, InterruptedByUserError, UsageError
from awsprov.operations.batch_results import InputRecord, RecordResult, ResultsFile, open_results

_SHOWN = 10  # invalid lines that an error lists
_MAX_REFUSED = 20  # records that Lambda rejects in a row before the run ends
_THROTTLE_TIMEOUT = 600.0  # seconds for which a throttled record is retried
# Errors after which a client should retry later (Lambda developer guide, "Understanding retry behavior").
_THROTTLES = frozenset({"TooManyRequestsException", "ThrottlingException", "EC2ThrottledException"})
_AGAIN = "Run the same command again: it continues from here."

Send = Callable[[bytes], RecordResult]


@dataclass
class Progress:
    """The progress of a run.

    Arguments:
        records: the number of records.
        before: how many had a response from an earlier run.
        sent: how many were sent in this run and have a result.
        failed: the lines of those that failed, each with the reason.
    """

    records: int
    before: int
    sent: int = 0
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """The number of records without a result."""
        return self.records - self.before - self.sent


class Batch:
    """A run over a file of records.

    Arguments:
        source: the file of JSON records, one a line; empty lines are skipped.
        target: the file of results; records that have a response there are not sent again.
        send: sends one record; an error that it raises ends the run.
        concurrency: how many records are sent at the same time.
        stop: once it is set, no more records are sent; the run waits for the results of those that were.
    """

    def __init__(self, source: Path, target: Path, send: Send, concurrency: int, stop: threading.Event) -> None:
        self.source, self.target, self.send, self.stop = source, target, send, stop
        self._slots = threading.Semaphore(concurrency)
        self._pool = ThreadPoolExecutor(concurrency, "batch")
        self._lock, self._refused_in_a_row = threading.Lock(), 0
        self._error: BaseException | None = None

    def run(self, watch: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Send the records that have no response yet, including those that failed in an earlier run.

        Arguments:
            watch: called after each result; from any thread, but never twice at the same time.

        Raises:
            UsageError: a record is not JSON, or the results belong to other records; nothing was sent.
            LockedError: another run is writing to the same file.
            InterruptedByUserError: the run was stopped.
        """
        digests = {record.line: record.digest for record in read_records(self.source)}
        with open_results(self.target) as results:
            answered = results.answered(digests)
            progress = Progress(len(digests), len(answered))
            try:
                self._send_all(results, answered, progress, watch)
            finally:
                self._pool.shutdown()
                results.sort()
        self._raise_unfinished(progress)
        return progress

    def _send_all(
        self, results: ResultsFile, answered: set[int], progress: Progress, watch: Callable[[Progress], None]
    ) -> None:
        def send_one(record: InputRecord) -> None:
            try:
                result = self.send(record.payload)
            finally:
                self._slots.release()
            with self._lock:
                results.add(record, result)
                self._count(record, result, progress)
                watch(progress)

        for record in read_records(self.source):
            if record.line not in answered:
                self._slots.acquire()
                if self.stop.is_set() or self._error:
                    return
                self._pool.submit(send_one, record).add_done_callback(self._note_error)

    def _count(self, record: InputRecord, result: RecordResult, progress: Progress) -> None:
        progress.sent += 1
        if result.error:
            progress.failed[record.line] = result.error
        self._refused_in_a_row = self._refused_in_a_row + 1 if result.refused else 0
        if self._refused_in_a_row >= _MAX_REFUSED:
            what = f"Lambda rejected {_MAX_REFUSED} records in a row; the others were not sent."
            raise AwsprovError(what, why=result.error, remedy=f"Correct the cause. {_AGAIN}")

    def _note_error(self, sent: "Future[None]") -> None:
        error = sent.exception()
        if error and not isinstance(error, InterruptedByUserError):
            self._error = self._error or error

    def _raise_unfinished(self, progress: Progress) -> None:
        if self._error:
            raise self._error
        if progress.left:
            what = f"Stopped: {progress.left} of {progress.records} records have no result yet."
            raise InterruptedByUserError(what, remedy=_AGAIN)


def sender(aws: Aws, function: str, qualifier: str) -> Send:
    """Return a function that sends a record to a Lambda function once; only a throttled request is retried."""

    def attempt(payload: bytes) -> InvocationResult | None:
        try:
            return invoke(aws, function, qualifier, payload)
        except ClientError as error:
            if error_code(error) not in _THROTTLES:
                raise
            return None

    def send(payload: bytes) -> RecordResult:
        try:
            reply = aws.wait_until(lambda: attempt(payload), _THROTTLE_TIMEOUT, "Lambda to accept the record")
        except InterruptedByUserError:
            raise
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            return RecordResult(error=f"{explained.what} {explained.why}".strip(), refused=True)
        assert reply  # noqa: S101 - wait_until returns nothing else
        return _result(reply)

    return send


def _result(reply: InvocationResult) -> RecordResult:
    if reply.error:
        return RecordResult(error=f"{reply.error}: {reply.failure}")
    return RecordResult(parse_json(reply.payload))


def read_records(source: Path) -> Iterator[InputRecord]:
    """Yield the records of a file.

    Raises:
        UsageError: the file cannot be read, or, at its end, some of its lines are not JSON.
    """
    invalid: list[str] = []
    for number, text in enumerate(_lines(source), start=1):
        record = text.strip()
        try:
            if record:
                yield InputRecord(number, to_utf8(record))
        except json.JSONDecodeError as error:
            invalid.append(f"line {number}, column {error.colno}: {error.msg}")
        except (ValueError, RecursionError) as error:
            invalid.append(f"line {number}: {error}")
    if invalid:
        more = [f"and {len(invalid) - _SHOWN} more"] if len(invalid) > _SHOWN else []
        why = "\n".join([*invalid[:_SHOWN], *more])
        raise UsageError(
            f"{source} has lines that are not JSON. Nothing was sent.", why=why, remedy="Correct these lines."
        )


def _lines(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"{source} cannot be read.", why=str(error.strerror)) from error
