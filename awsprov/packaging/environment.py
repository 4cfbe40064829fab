"""What an environment on the file system is made of: locked libraries and the user's own files, for one Python."""

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from awsprov.packaging.lockfile import Lock

LAYOUT = "2"  # changes when the same contents would be laid out in another way
FILES = "awsprov-files"  # the directory in an environment that holds the user's files; nothing can import that name


@dataclass(frozen=True)
class Environment:
    """The contents of an environment; the same contents have the same name.

    Arguments:
        lock: the libraries.
        architecture: the function's, `x86_64` or `arm64`.
        files: a directory of the user's, as a trained model is; none for none.
    """

    lock: Lock
    architecture: str
    files: Path | None = None

    @property
    def name(self) -> str:
        """A hash; empty while the libraries are not locked."""
        if not self.lock.path.is_file():
            return ""
        made_of = [LAYOUT, self.lock.python, self.architecture, *self.lock.pinned, *self._hashes]
        return hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]

    def members(self) -> Iterator[tuple[str, Path]]:
        """The user's files: the name of each in the environment, and where it is; in order."""
        if self.files:
            for path in sorted(self.files.rglob("*")):
                if path.is_file():
                    yield path.relative_to(self.files).as_posix(), path

    @contextmanager
    def archive(self) -> Iterator[BinaryIO]:
        """The user's files in one, as the builder unpacks them; in a file, for they may be large."""
        with tempfile.TemporaryFile(prefix="awsprov-files-") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name, path in self.members():
                    tar.add(path.resolve(), f"{FILES}/{name}", recursive=False)
            file.seek(0)
            yield file

    @cached_property
    def _hashes(self) -> list[str]:
        """Names and hashes of the files, read once: a model may be large, and the name is asked for often."""
        found = []
        for name, path in self.members():
            with path.open("rb") as file:
                found.append(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}")
        return found
