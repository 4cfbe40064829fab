"""An environment of the user's files, such as a trained model. It is published on EFS, beside that of the libraries."""

import hashlib
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from awsprov.files import STATE_DIRECTORY
from awsprov.packaging.upload_rules import Selection, UploadRules, is_executable
from awsprov.remote_code.builder.receive import FILES, name_of

NOISE = (".git", STATE_DIRECTORY, ".DS_Store")  # a model may need all others


@dataclass(frozen=True)
class FileEnvironment:
    """The contents of an environment of files. The same contents have the same name.

    Arguments:
        directory: a directory of the user's, for example with a trained model.
        rules: which of its files are sent.
    """

    directory: Path
    rules: UploadRules = field(default_factory=lambda: UploadRules(noise=NOISE))

    @property
    def name(self) -> str:
        """The hash of the contents."""
        return name_of(self.contents)

    @cached_property
    def selection(self) -> Selection:
        """The files that are sent, and what was left out."""
        return self.rules.select(self.directory)

    @cached_property
    def contents(self) -> dict[str, str]:
        """The SHA-256 of each file, marked if it is executable, by name. Cached: a model may be large."""
        found = {}
        for name, path in self.selection.files:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[name] = f"{digest} executable" if is_executable(path) else digest
        return found

    @contextmanager
    def archive(self) -> Iterator[BinaryIO]:
        """Open a tar archive of the files; a temporary file, because they may be large."""
        with tempfile.TemporaryFile(prefix="awsprov-files-") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name, path in self.selection.files:
                    tar.add(path.resolve(), f"{FILES}/{name}", recursive=False, filter=_readable)
            file.seek(0)
            yield file


def _readable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Let everyone read a file, whatever the umask was here; executable files stay executable."""
    member.mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
    return member
