"""The journal of a document on disk: changes that are appended to it until the document is written as a whole.

Writing a large document at each change would cost the square of its size. Changes are appended to a journal until it
is as long as the document; then the document is written and a new journal begins. The document holds the number of its
journal, so that a journal which a crash left behind is never applied to a newer document.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from awsprov.files import read_limited, sync_directory

_MAX_SIZE = 64 * 1024 * 1024  # bytes; a journal is not longer than its document
_SMALL = 64 * 1024  # bytes up to which a document is written as a whole each time


class Journal:
    """The journal of one document.

    Arguments:
        document: the path of the document; the journal is beside it.
        number: the number of the journal, as the document holds it.
        size: the size of the document in bytes.
    """

    def __init__(self, document: Path, number: int, size: int) -> None:
        self.document, self.number, self.size = document, number, size
        self.length = 0

    @property
    def path(self) -> Path:
        """The path of the journal."""
        return self.document.with_suffix(f".{self.number}.journal")

    @property
    def accepts_changes(self) -> bool:
        """Whether a change is appended; otherwise the document is written as a whole."""
        return self.size > _SMALL and self.length < self.size

    def lines(self) -> Iterator[bytes]:
        """Yield the changes, oldest first, without an incomplete last line: no call was made after it."""
        with suppress(FileNotFoundError):
            *lines, torn = read_limited(self.path, _MAX_SIZE).split(b"\n")
            self.length = sum(len(line) + 1 for line in lines) + (self.size if torn else 0)
            yield from lines

    def append(self, change: bytes) -> None:
        """Write a change, which has no line break, to disk (fsync)."""
        line = change + b"\n"
        truncate = 0 if self.length else os.O_TRUNC  # a file of that name belongs to another document
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | truncate, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if not self.length:
            sync_directory(self.path.parent)  # the name of a new file
        self.length += len(line)

    @property
    def previous(self) -> "Journal":
        """The journal before this one, which a crash may have left behind."""
        return Journal(self.document, self.number - 1, 0)

    def remove(self) -> None:
        """Delete the journal: the document holds all of its changes."""
        self.path.unlink(missing_ok=True)
