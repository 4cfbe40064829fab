"""The lock of a stack: only one awsprov process changes it at a time.

The kernel releases a lock when its holder exits, however that happens. It cannot do so for a lock that another host
took over a network file system, or where a file system has no locks and a file takes their place: `awsprov unlock` is
for those.
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
from typing import Annotated

from pydantic import Field

from awsprov.documents import read_document
from awsprov.engine.record import Time
from awsprov.errors import LockedError
from awsprov.files import make_private_directory, write_atomically

_MAX_NOTE = 64 * 1024  # bytes of the note beside a lock


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, from the note beside it.

    Arguments:
        pid: its process id.
        host: the name of its host.
        user: the name of its user.
        command: its command line.
        since: when it took the lock, in seconds since the epoch.
    """

    pid: Annotated[int, Field(ge=0, lt=2**31)]
    host: str
    user: str
    command: str
    since: Time

    @property
    def on_this_host(self) -> bool:
        """Whether it runs on this host."""
        return self.host == socket.gethostname()

    @property
    def description(self) -> str:
        """Who it is, without a time: the clock of another host may be wrong."""
        return f"`{self.command}` by {self.user} on {self.host}, process {self.pid}"

    def __str__(self) -> str:
        return f"{self.description}, for {int(time.time() - self.since)} s"


def this_process() -> Holder:
    """Return this process as the holder of a lock."""
    return Holder(os.getpid(), socket.gethostname(), _user(), " ".join(["awsprov", *sys.argv[1:]]), time.time())


@dataclass
class StackLock:
    """The right to change a state file, for as long as `held` is true. `locked` creates it."""

    held: bool = True


@contextmanager
def locked(path: Path) -> Iterator[StackLock]:
    """Hold the lock of a stack, and yield it for `State`, which writes nothing without it.

    Arguments:
        path: the state file; the lock, and a note of its holder, are beside it.

    Raises:
        LockedError: another process holds the lock; its reason is the holder.
    """
    from filelock import FileLock, Timeout  # it imports asyncio

    make_private_directory(path.parent)
    lock, note = FileLock(_lock(path), timeout=0, mode=0o600), _note(path)
    try:
        lock.acquire()
    except Timeout as error:
        raise held_error(holder(path)) from error
    held = StackLock()
    us = this_process()
    try:
        write_atomically(note, json.dumps(asdict(us)).encode())
        yield held
    finally:
        held.held = False
        if holder(path) in (us, None):  # otherwise `awsprov unlock` removed it and another process took it
            note.unlink(missing_ok=True)
        lock.release()


def holder(path: Path) -> Holder | None:
    """Return the process that holds, or last held, the lock of the state file at path; None when there is no note."""
    with suppress(OSError, ValueError):
        return read_document(_note(path), Holder, _MAX_NOTE)
    return None


def running_holder(path: Path) -> Holder | None:
    """Return the process that changes the stack, by the note beside its state file; the lock itself is not touched.

    A command that only reads must not take the lock, not even for a moment: another command that starts then would
    fail. The note of a process on this host that no longer runs is ignored.
    """
    by = holder(path)
    return by if by and not (by.on_this_host and _has_exited(by.pid)) else None


def _has_exited(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it is another user's
    return False


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock of the state file at path."""
    from filelock import FileLock, Timeout  # it imports asyncio

    if not _lock(path).exists():
        return False
    try:
        with FileLock(_lock(path), timeout=0, mode=0o600):
            return False
    except Timeout:
        return True


def remove_lock(path: Path) -> None:
    """Remove the lock of the state file at path, even if it is held: the next process locks a new file."""
    _lock(path).unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")


def _note(path: Path) -> Path:
    return path.with_suffix(".holder")


def _user() -> str:
    """Return the name of the user; in a container where the user has no name, their number."""
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return str(os.getuid())


def held_error(by: Holder | None) -> LockedError:
    """Return the error that says who holds the lock."""
    remedy = "Wait until it ends. The lock is released when its holder exits."
    if by and not by.on_this_host:
        remedy = f"Wait until it ends. If it no longer runs on {by.host}: `awsprov unlock`."
    return LockedError("Another awsprov process works on this stack.", why=f"{by}." if by else "", remedy=remedy)
