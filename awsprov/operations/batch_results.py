"""The results of a batch, in a file of JSON lines that also serves as its journal.

Each result is appended as soon as it arrives. If a run ends early, no result is lost and no answered record is sent
again; the lines are sorted when the run ends. Each has the line number and the digest of its record, so that results
of other records are not mixed with these.
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
from awsprov.files import write_atomically


@dataclass(frozen=True)
class InputRecord:
    """A line of the input: its number, counted from 1, and its JSON."""

    line: int
    payload: bytes

    @property
    def digest(self) -> str:
        """A hash of the payload, by which a result belongs to its record."""
        return hashlib.sha256(self.payload).hexdigest()[:12]


@dataclass(frozen=True)
class RecordResult:
    """The result of a record.

    Arguments:
        value: the function's response.
        error: why there is no response; empty if there is one.
        refused: whether Lambda rejected the request, so that the function never got it.
    """

    value: Any = None
    error: str = ""
    refused: bool = False


class ResultsFile:
    """An open and locked file of results."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self._file = path, file
        self._drop_partial_line()

    def add(self, record: InputRecord, result: RecordResult) -> None:
        """Append a result. Once this returns, the result survives the end of the process."""
        outcome = {"error": result.error} if result.error else {"response": result.value}
        document = {"line": record.line, "record": record.digest, **outcome}
        self._file.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def answered(self, digests: Mapping[int, str]) -> set[int]:
        """Return the lines of the records that have a response; failed records do not count.

        Arguments:
            digests: the digest of each record, by its line.

        Raises:
            UsageError: the file holds something else, or results of other records.
        """
        found: dict[int, bool] = {}
        for number, document in enumerate(self._documents(), start=1):
            if not isinstance(document, dict) or "line" not in document:
                raise UsageError(
                    f"{self.path}:{number} is not a batch result.", remedy="Choose another file for --out."
                )
            line = document["line"]
            if digests.get(line) != document.get("record"):
                raise UsageError(
                    f"{self.path}:{number} is the result of another record than line {line} of the input.",
                    why="The input has changed since, or it is another file.",
                    remedy="Choose another --out, or undo the change of the input.",
                )
            found[line] = found.get(line, False) or "error" not in document
        return {line for line, answered in found.items() if answered}

    def sort(self) -> None:
        """Keep the last result of each record, sorted by line. After a crash the file is the old or the new one."""
        mode = self.path.stat().st_mode
        write_atomically(self.path, self._sorted_lines())
        self.path.chmod(mode)

    def _sorted_lines(self) -> Iterator[bytes]:
        offsets: dict[int, int] = {}  # of each result: the results themselves may not fit into memory
        offset = 0
        for text in self._lines():
            offsets[json.loads(text)["line"]] = offset
            offset += len(text)
        for line in sorted(offsets):
            self._file.seek(offsets[line])
            yield self._file.readline()

    def _documents(self) -> Iterator[Any]:
        for text in self._lines():
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                yield None

    def _lines(self) -> Iterator[bytes]:
        self._file.seek(0)
        yield from self._file

    def _drop_partial_line(self) -> None:
        """Remove a last line that was not written completely; its record is sent again."""
        self._file.truncate(sum(len(text) for text in self._lines() if text.endswith(b"\n")))


@contextmanager
def open_results(path: Path) -> Iterator[ResultsFile]:
    """Open a file of results and lock it.

    Raises:
        UsageError: the file cannot be written.
        LockedError: another run is writing to it.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise UsageError(f"{path} cannot be written.", why=str(error.strerror)) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when the process ends, however it ends
            free = os.path.samestat(path.stat(), os.fstat(file.fileno()))  # another run may just have replaced it
        except (BlockingIOError, FileNotFoundError):
            free = False
        if not free:
            raise LockedError(f"Another run is writing to {path}.", remedy="Wait until it has ended.")
        yield ResultsFile(path, file)
