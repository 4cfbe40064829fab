"""The file of a batch's answers, which is its own journal.

An answer is a line of it the moment it comes, so whatever ends a run, no answer is lost and no answered record is sent
again; the lines are put in order when the run ends. Each tells the line of its record and the record's digest: answers
to other records are not mixed with these.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from awsprov.errors import LockedError, UsageError


@dataclass(frozen=True)
class Record:
    """One line of the input, and where it stands, counted from 1."""

    line: int
    payload: bytes

    @property
    def digest(self) -> str:
        """What its answer is recognized by."""
        return hashlib.sha256(self.payload).hexdigest()[:12]


@dataclass(frozen=True)
class Answer:
    """What became of a record.

    Arguments:
        value: the function's answer.
        error: why there is none; empty when there is.
        refused: whether it was Lambda, not the function, that said no.
    """

    value: Any = None
    error: str = ""
    refused: bool = False


class Journal:
    """The answers in a file that is open and locked."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self._file = path, file
        self._mend()

    def add(self, record: Record, answer: Answer) -> None:
        """Keep an answer: once this returns, it outlives the process."""
        came = {"error": answer.error} if answer.error else {"answer": answer.value}
        document = {"line": record.line, "record": record.digest, **came}
        self._file.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def answered(self, digests: Mapping[int, str]) -> set[int]:
        """The lines of the records that have an answer; those that failed have none.

        Arguments:
            digests: the digest of each record, by its line.

        Raises:
            UsageError: there is something else in the file, or there are answers to other records.
        """
        found: dict[int, bool] = {}
        for number, told in enumerate(self._documents(), start=1):
            if not isinstance(told, dict) or "line" not in told:
                raise UsageError(f"{self.path}:{number} is no answer of a batch.", remedy="Name another --out.")
            if digests.get(told["line"]) != told.get("record"):
                raise UsageError(
                    f"{self.path}:{number} is an answer to another record than line {told['line']} of the input is.",
                    why="The input has changed since, or it is another one.",
                    remedy="Name another --out, or take the change back.",
                )
            found[told["line"]] = found.get(told["line"], False) or "answer" in told
        return {line for line, answered in found.items() if answered}

    def put_in_order(self) -> None:
        """Keep the last word on each record, by line; after a crash the old file or the new one is there, whole."""
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with new.open("wb") as file:
                file.writelines(self._in_order())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)

    def _in_order(self) -> Iterator[bytes]:
        places: dict[int, int] = {}  # where each answer begins: the answers themselves may be too many for memory
        place = 0
        for text in self._texts():
            places[json.loads(text)["line"]] = place
            place += len(text)
        for line in sorted(places):
            self._file.seek(places[line])
            yield self._file.readline()

    def _documents(self) -> Iterator[Any]:
        for text in self._texts():
            try:
                yield json.loads(text)
            except ValueError:
                yield None

    def _texts(self) -> Iterator[bytes]:
        self._file.seek(0)
        yield from self._file

    def _mend(self) -> None:
        """Take away a last line that was cut short: its record counts as not sent."""
        self._file.truncate(sum(len(text) for text in self._texts() if text.endswith(b"\n")))


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The answers in a file, which is nobody else's meanwhile.

    Raises:
        UsageError: it cannot be written.
        LockedError: another run writes to it.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", why=str(error.strerror)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it goes with its holder, however that dies
            free = os.path.samestat(path.stat(), os.fstat(file.fileno()))  # or another run has just put it in order
        except (BlockingIOError, FileNotFoundError):
            free = False
        if not free:
            raise LockedError(f"Another run writes to {path}.", remedy="Wait for it to end.")
        yield Journal(path, file)
