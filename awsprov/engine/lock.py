"""The lock of a stack: one awsprov works on it at a time.

The kernel lets go of a lock when its holder dies, however it dies. Not so of one that another machine took over a
network file system, or where a file system has no locks and a file stands for one: `awsprov unlock` is for those.
"""

import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from awsprov.errors import LockedError
from awsprov.files import write_atomically


@dataclass(frozen=True)
class Holder:
    """Who has a lock, by the note beside it; `since` is in seconds since the epoch."""

    pid: int
    host: str
    user: str
    command: str
    since: float

    @property
    def here(self) -> bool:
        """Whether it runs on this machine."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        age = int(time.time() - self.since)
        return f"`{self.command}` by {self.user} on {self.host}, process {self.pid}, for {age} s"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the stack's lock.

    Arguments:
        path: the state file that is guarded; the lock and a note of its holder lie beside it.

    Raises:
        LockedError: another process holds it; says which, where and since when.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - it imports asyncio

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock, note = FileLock(_lock(path), timeout=0), _note(path)
    try:
        lock.acquire()
    except Timeout as error:
        raise _held(holder(path)) from error
    us = Holder(os.getpid(), socket.gethostname(), _user(), " ".join(["awsprov", *sys.argv[1:]]), time.time())
    try:
        write_atomically(note, json.dumps(asdict(us)).encode())
        yield
    finally:
        if holder(path) in (us, None):  # otherwise `awsprov unlock` gave it to somebody else
            note.unlink(missing_ok=True)
        lock.release()


def holder(path: Path) -> Holder | None:
    """Who holds, or held, the lock of the state file at path; None when nobody wrote it down."""
    with suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(_note(path).read_bytes()))
    return None


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of the state file at path."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - it imports asyncio

    if not _lock(path).exists():
        return False
    try:
        with FileLock(_lock(path), timeout=0):
            return False
    except Timeout:
        return True


def take_away(path: Path) -> None:
    """Make the lock of the state file at path free, whoever holds it: who comes next locks a new file."""
    _lock(path).unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")


def _note(path: Path) -> Path:
    return path.with_suffix(".holder")


def _user() -> str:
    """Who this is; in a container that runs as some number, that number."""
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return str(os.getuid())


def _held(by: Holder | None) -> LockedError:
    remedy = "Wait for it to end; a lock whose holder died is taken over by itself."
    if by and not by.here:
        remedy = f"Wait for it to end. When {by.host} is gone, `awsprov unlock` takes the lock away."
    return LockedError("Another awsprov works on this stack.", why=f"{by}." if by else "", remedy=remedy)
