"""The record of a stack's shared objects in a state directory: a file beside the state."""

import json
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from awsprov.documents import read_document
from awsprov.files import write_atomically

_MAX_SIZE = 64 * 1024  # bytes


@dataclass(frozen=True)
class SyncRecord:
    """The content of the file.

    Arguments:
        location: where the objects are; what is known of those elsewhere is not used.
        tokens: of leases that this directory has, or may have, held.
        copied: whether a copy of the state existed when S3 was last read or written.
        writes: identifiers of the copies that this directory wrote or read last. Another copy is newer than its state.
    """

    location: str
    tokens: list[str] = field(default_factory=list)
    copied: bool = False
    writes: list[str] = field(default_factory=list)


class SyncRecordFile:
    """The file. It is written before S3 is, so that it names the last write even of a process that was killed.

    Arguments:
        state_path: the state file.
        location: where the objects are.
    """

    def __init__(self, state_path: Path, location: str) -> None:
        self._path, self._location = state_path.with_suffix(".shared"), location

    def read(self) -> SyncRecord:
        """Return its content; an empty record if there is none, or if the objects were elsewhere."""
        with suppress(OSError, ValueError):
            found = read_document(self._path, SyncRecord, _MAX_SIZE)
            if found.location == self._location:
                return found
        return SyncRecord(self._location)

    def write(self, record: SyncRecord) -> None:
        """Replace its content."""
        write_atomically(self._path, json.dumps(asdict(record)).encode())

    def next_write(self) -> str:
        """Return the identifier of a write that will be sent now, once it is on disk."""
        known, write = self.read(), uuid.uuid4().hex
        self.write(replace(known, writes=[*known.writes[-1:], write]))
        return write

    def set_copied(self, copied: bool) -> None:
        """Record whether a copy exists."""
        known = self.read()
        if known.copied is not copied:
            self.write(replace(known, copied=copied))
