"""The recorded state of a stack, on this disk and in S3: read at any time, and changed only under the lock."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from awsprov.aws.client import Aws
from awsprov.engine.heartbeat import Heartbeat
from awsprov.engine.lock import Holder, held_error, locked, running_holder
from awsprov.engine.sharing import SharedState
from awsprov.engine.state import State
from awsprov.engine.state_file import StackKey


class RecordedState:
    """The state of one stack, as this process last read it, and the stack's lock.

    Arguments:
        path: the state file.
        aws: the clients of the stack's account and region.
        shared: the shared lock and state; None without `shared` in the configuration.

    Attributes:
        last_read: the state, as it was last read; None if it has to be read.
    """

    def __init__(self, path: Path, aws: Aws, shared: SharedState | None) -> None:
        self._path, self._aws, self._shared = path, aws, shared
        self.last_read: State | None = None

    def read(self) -> State:
        """Read the state: the shared one if it is newer than the file. It is read-only."""
        running = running_holder(self._path)  # while the file is changed, the shared state is not newer
        content = self._shared.newer_content() if self._shared and not running else None
        self.last_read = State(self._path, self._key, content=content)
        return self.last_read

    def forget(self) -> None:
        """Have the state read again when it is next needed."""
        self.last_read = None

    @property
    def _key(self) -> StackKey:
        return StackKey(self._aws.stack, self._aws.account, self._aws.region)

    @contextmanager
    def locked(self) -> Iterator[State]:
        """Hold the lock, and read the state under it: the only way to a state that can be changed.

        Raises:
            LockedError: another process holds the lock.
        """
        with locked(self._path) as lock, self._shared_lock() as heartbeat:
            self.last_read = state = State(self._path, self._key, lock)
            if heartbeat:
                heartbeat.follow(state)
            state.set_like(self._aws.like)
            try:
                yield state
            finally:
                state.compact()

    def _shared_lock(self) -> AbstractContextManager[Heartbeat | None]:
        return self._shared.held(self._aws) if self._shared else nullcontext()

    @property
    def holder(self) -> Holder | None:
        """The other process that is changing the stack, if there is one."""
        by = running_holder(self._path)
        if by:
            return None if _is_this_process(by) else by
        return self._shared.holder() if self._shared else None

    def refuse_when_locked(self) -> None:
        """Raise a LockedError when another process is changing the stack."""
        by = running_holder(self._path)
        if by and not _is_this_process(by):
            raise held_error(by)
        if self._shared and not by:
            self._shared.refuse_when_held()


def _is_this_process(holder: Holder) -> bool:
    return holder.on_this_host and holder.pid == os.getpid()
