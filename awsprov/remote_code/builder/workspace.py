"""The working directory on the builder's own disk: builds, temporary files, and the lock of the programs."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
INDEX, PACK = "awsprov-start.json", "awsprov-start.pack"  # the start pack
PIP_FAILED, BUILD_FAILED = 3, 5  # exit statuses of a build: of pip, and of a source distribution
LIBRARY_BUILDS, FILE_BUILDS = "builds", "files"  # directories in the working directory
_PASSABLE = 0o711  # the user who imports the handlers passes through, and lists nothing


def report(line: str) -> None:
    """Print a line. After the session has ended this fails, but the program continues for the next session."""
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


class Workspace:
    """The working directory.

    Arguments:
        directory: its path. Nothing is written elsewhere, but to the file system that is mounted.
        builds: the directory in it of the builds that are meant: those of libraries, or those of files.
    """

    def __init__(self, directory: Path, builds: str = LIBRARY_BUILDS) -> None:
        self.directory = directory.resolve()
        self.builds = self.directory / builds

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock: an earlier program continues after its session has ended, and may do the same work."""
        os.umask(0o022)
        for directory in (self.directory, self.builds):
            directory.mkdir(exist_ok=True)
            directory.chmod(_PASSABLE)
        with (self.directory / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report("waiting for an earlier installation, which is still running")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def site(self, name: str) -> Path:
        """Return the directory with the files of a complete build, whether it exists or not."""
        return self.builds / name / "site"

    def manifest(self, name: str) -> bytes:
        """Return the manifest of a complete build; empty if there is none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.builds / name / MANIFEST).read_bytes()
        return b""

    def delete(self, name: str) -> None:
        """Delete a build, if it exists, its manifest first: a build that is half deleted is none."""
        (self.builds / name / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self.builds / name, ignore_errors=True)

    @contextlib.contextmanager
    def building(self, name: str, earlier: str = "") -> Iterator[Path]:
        """Make room on the disk, and yield a directory that becomes the build when it has a manifest.

        Other builds of the same kind are deleted: each is published by now, or not wanted any more. Temporary files are
        on the disk, because /tmp of Amazon Linux 2023 is in memory (Amazon Linux user guide, "/tmp"). What pip
        downloads stays until a build is complete: the next one takes unchanged packages from it.

        Arguments:
            name: the name of the build.
            earlier: the name of a build that is needed for this one, and deleted after it; empty for none.
        """
        for leftover in self.builds.iterdir():
            if leftover.name != earlier:
                self.delete(leftover.name)
        scratch, temporary, downloads = self.builds / f".{name}", self.directory / "tmp", self.directory / "pip-cache"
        shutil.rmtree(temporary, ignore_errors=True)
        for directory in (scratch, temporary):
            directory.mkdir(_PASSABLE)
        os.environ["TMPDIR"] = str(temporary)
        os.environ.setdefault("PIP_CACHE_DIR", str(downloads))
        try:
            yield scratch
            if (scratch / MANIFEST).exists():
                scratch.rename(self.builds / name)
                shutil.rmtree(downloads, ignore_errors=True)
                if earlier:
                    self.delete(earlier)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(scratch, ignore_errors=True)


def parsed(manifest: bytes) -> "dict[str, Any]":
    """Return the contents of a manifest."""
    found: dict[str, Any] = json.loads(manifest)
    return found
