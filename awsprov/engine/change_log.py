"""Documents that outlive a crash: written whole and replaced, or a line of changes at a time.

A large document is not written anew at each change, which would cost the square of its size: changes are appended until
they are as long as the document, and only then is it written whole. The document says which journal goes with it, so
that one that a crash left behind is never laid over a newer document.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_WHOLE = 64 * 1024  # bytes up to which a document is written whole each time


class ChangeLog:
    """The journal of one document.

    Arguments:
        document: the document's path; the journal lies beside it.
        number: which of its journals this is.
        size: the bytes of the document as it was last written whole.
    """

    def __init__(self, document: Path, number: int, size: int) -> None:
        self.document, self.number, self.size = document, number, size
        self.length = 0

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.document.with_suffix(f".{self.number}.journal")

    @property
    def takes(self) -> bool:
        """Whether a change belongs here; otherwise the document is written whole."""
        return self.size > _WHOLE and self.length < self.size

    def changes(self) -> Iterator[dict[str, Any]]:
        """The changes in it, oldest first; a last one that a crash cut short was never acted upon, and ends it."""
        with suppress(FileNotFoundError):
            *lines, torn = self.path.read_bytes().split(b"\n")
            self.length = sum(len(line) + 1 for line in lines) + (self.size if torn else 0)
            yield from map(json.loads, lines)

    def append(self, change: dict[str, Any]) -> None:
        """Have a change on disk."""
        line = json.dumps(change).encode() + b"\n"
        anew = 0 if self.length else os.O_TRUNC  # whatever lies there is none of this document's
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | anew, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self.length += len(line)

    @property
    def before(self) -> "ChangeLog":
        """The one before it, which a crash may have left behind."""
        return ChangeLog(self.document, self.number - 1, 0)

    def remove(self) -> None:
        """Take it away: the document holds all of it."""
        self.path.unlink(missing_ok=True)
