"""An environment: locked libraries and the user's files, for one version of Python. It is published on EFS."""

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

from awsprov.packaging.lockfile import Lock
from awsprov.packaging.upload_rules import Selection, UploadRules, is_executable

LAYOUT = "3"  # version of the directory layout
MOUNT = "/mnt/efs"  # where functions mount the file system; Lambda allows only paths under /mnt
ENVIRONMENTS = f"{MOUNT}/envs"  # the directory of all environments in a function
FILES = "awsprov-files"  # directory of the user's files in an environment; not a valid module name, so never imported

FILES_NOISE = (".git", ".awsprov", ".DS_Store")  # a model may need all others


@dataclass(frozen=True)
class Environment:
    """The contents of an environment. The same contents have the same name.

    Arguments:
        lock: the lock file of the libraries.
        architecture: `x86_64` or `arm64`.
        files: a directory of the user's, for example a trained model; None for none.
        rules: which of its files are sent.
        system_packages: packages of Amazon Linux whose shared libraries are added where Lambda lacks them.
    """

    lock: Lock
    architecture: str
    files: Path | None = None
    rules: UploadRules = field(default_factory=lambda: UploadRules(noise=FILES_NOISE))
    system_packages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The hash of the contents; empty if there is no valid lock file."""
        if self.lock.state == "missing" or self.lock.problem:
            return ""
        pins = [each.pin for each in self.lock.packages]
        contents = [LAYOUT, self.lock.target.python, self.architecture, *pins, *self.system_packages, *self._hashes]
        return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]

    def variables(self, path: str) -> dict[str, str]:
        """Return the environment variables through which a function finds it in a directory."""
        files = {"AWSPROV_FILES": f"{path}/{FILES}"} if self.files else {}
        return {"PYTHONPATH": path, **files}

    def members(self) -> Iterator[tuple[str, Path]]:
        """Yield the user's files in order: the name in the environment, and the path."""
        if self.selection:
            yield from self.selection.files

    @cached_property
    def selection(self) -> Selection | None:
        """The user's files that are sent, and what was left out; None without files."""
        return self.rules.select(self.files) if self.files else None

    @contextmanager
    def archive(self) -> Iterator[BinaryIO]:
        """Open a tar archive of the user's files; a temporary file, because they may be large."""
        with tempfile.TemporaryFile(prefix="awsprov-files-") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                for name, path in self.members():
                    tar.add(path.resolve(), f"{FILES}/{name}", recursive=False, filter=_readable)
            file.seek(0)
            yield file

    @cached_property
    def _hashes(self) -> list[str]:
        """Names and hashes of the files. Cached: a model may be large, and the name is needed often."""
        found = []
        for name, path in self.members():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found.append(f"{name} {digest}{' executable' if is_executable(path) else ''}")
        return found


def _readable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Let everyone read a file, whatever the umask was here; executable files stay executable."""
    member.mode = 0o755 if member.mode & stat.S_IXUSR else 0o644
    return member
