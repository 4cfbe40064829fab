"""Many records through a function: in parallel, stopped and gone on with at will."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError, error_code, explain
from awsprov.aws.invocation import Reply, invoke, parsed
from awsprov.errors import AwsprovError, InterruptedByUserError, UsageError
from awsprov.operations.batch_results import Answer, Journal, Record, opened

_SHOWN = 10  # bad lines that are told one by one
_IN_A_ROW = 20  # records that Lambda itself refuses, one after the other, until the rest is not tried any more
_PATIENCE = 600.0  # seconds that a throttled record is tried again
# Lambda developer guide, "Understanding retry behavior": these ask the client to come again later.
_THROTTLES = frozenset({"TooManyRequestsException", "ThrottlingException", "EC2ThrottledException"})
_AGAIN = "Run the same command again: it goes on from here."

Send = Callable[[bytes], Answer]


@dataclass
class Progress:
    """How far a run is.

    Arguments:
        records: how many there are.
        before: how many had an answer from a run before.
        sent: how many were sent now and have come back.
        failed: the lines among these that failed, each with the reason.
    """

    records: int
    before: int
    sent: int = 0
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """How many have not come back."""
        return self.records - self.before - self.sent


class Batch:
    """One run over a file of records.

    Arguments:
        source: JSON records, one a line; empty lines are passed over.
        target: where the answers are kept; those that are there already are not asked for again.
        send: sends one record; an error that it raises ends the run.
        concurrency: how many records are under way at once.
        stop: once it is set, nothing new is sent; what is under way is waited for.
    """

    def __init__(self, source: Path, target: Path, send: Send, concurrency: int, stop: threading.Event) -> None:
        self.source, self.target, self.send, self.stop = source, target, send, stop
        self._free = threading.Semaphore(concurrency)
        self._pool = ThreadPoolExecutor(concurrency, "batch")
        self._keeping, self._in_a_row = threading.Lock(), 0
        self._broken: BaseException | None = None

    def run(self, watch: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Send what has no answer yet, what failed in a run before included.

        Arguments:
            watch: hears of each record that came back; from any thread, one at a time.

        Raises:
            UsageError: a record is no JSON, or the answers are to other records; nothing was sent.
            LockedError: another run writes to the same file.
            InterruptedByUserError: it was stopped.
        """
        digests = {record.line: record.digest for record in records(self.source)}
        with opened(self.target) as journal:
            known = journal.answered(digests)
            progress = Progress(len(digests), len(known))
            try:
                self._send_all(journal, known, progress, watch)
            finally:
                self._pool.shutdown()
                journal.put_in_order()
        self._raise_unfinished(progress)
        return progress

    def _send_all(
        self, journal: Journal, known: set[int], progress: Progress, watch: Callable[[Progress], None]
    ) -> None:
        def one(record: Record) -> None:
            try:
                answer = self.send(record.payload)
            finally:
                self._free.release()
            with self._keeping:
                journal.add(record, answer)
                self._count(record, answer, progress)
                watch(progress)

        for record in records(self.source):
            if record.line not in known:
                self._free.acquire()
                if self.stop.is_set() or self._broken:
                    return
                self._pool.submit(one, record).add_done_callback(self._note)

    def _count(self, record: Record, answer: Answer, progress: Progress) -> None:
        progress.sent += 1
        if answer.error:
            progress.failed[record.line] = answer.error
        self._in_a_row = self._in_a_row + 1 if answer.refused else 0
        if self._in_a_row >= _IN_A_ROW:
            what = f"Lambda refused {_IN_A_ROW} records in a row; the others were not tried."
            raise AwsprovError(what, why=answer.error, remedy=f"Mend that. {_AGAIN}")

    def _note(self, sent: "Future[None]") -> None:
        error = sent.exception()
        if error and not isinstance(error, InterruptedByUserError):
            self._broken = self._broken or error

    def _raise_unfinished(self, progress: Progress) -> None:
        if self._broken:
            raise self._broken
        if progress.left:
            what = f"Stopped: {progress.left} of {progress.records} records have no answer yet."
            raise InterruptedByUserError(what, remedy=_AGAIN)


def sender(aws: Aws, function: str, qualifier: str) -> Send:
    """What sends records to a function: once each, but that a throttled one comes again later, and later still."""

    def attempt(payload: bytes) -> Reply | None:
        try:
            return invoke(aws, function, qualifier, payload)
        except ClientError as error:
            if error_code(error) not in _THROTTLES:
                raise
            return None

    def send(payload: bytes) -> Answer:
        try:
            reply = aws.wait_until(lambda: attempt(payload), _PATIENCE, "Lambda to take the record")
        except InterruptedByUserError:
            raise
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            return Answer(error=f"{told.what} {told.why}".strip(), refused=True)
        assert reply  # noqa: S101 - wait_until returns nothing else
        return Answer(error=f"{reply.error}: {reply.failure}") if reply.error else Answer(parsed(reply.payload))

    return send


def records(source: Path) -> Iterator[Record]:
    """The records of a file.

    Raises:
        UsageError: there is no such file, or some of its lines are no JSON; told of all of them, at the end.
    """
    bad: list[str] = []
    for number, text in enumerate(_lines(source), start=1):
        try:
            if text.strip():
                json.loads(text)
                yield Record(number, text.strip())
        except ValueError as error:
            bad.append(f"line {number}: {error}")
    if bad:
        more = [f"and {len(bad) - _SHOWN} more"] if len(bad) > _SHOWN else []
        why = "\n".join([*bad[:_SHOWN], *more])
        raise UsageError(f"{source} has lines that are no JSON. Nothing was sent.", why=why)


def _lines(source: Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"{source} cannot be read.", why=str(error.strerror)) from error
