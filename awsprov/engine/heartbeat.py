"""The thread that renews a lease, and writes the copy of the state while a command changes it."""

import logging
import threading
from types import TracebackType
from typing import Self

from awsprov.aws.object_store import ObjectChangedError, StoredObject
from awsprov.engine.lease import Lease, Store
from awsprov.engine.state import State
from awsprov.engine.sync_record import SyncRecordFile

STATE = "state.json"  # the object with the copy
_ATTEMPTS = 3

logger = logging.getLogger(__name__)


class StateCopy:
    """The copy of a state in S3, which the holder of the lease writes.

    Arguments:
        store: the objects of the stack.
        lease: held by this process.
        found: the copy, as it was read under the lease.
        record: names each write before it is sent.
    """

    def __init__(self, store: Store, lease: Lease, found: StoredObject | None, record: SyncRecordFile) -> None:
        self._store, self._lease, self._record = store, lease, record
        self._etag = found.etag if found else None
        self._written = found.body if found else b""

    def write(self, content: bytes) -> None:
        """Write the copy, if it differs; an empty one is deleted.

        Raises:
            AwsprovError: the bucket cannot be written.
        """
        if content == self._written:
            return
        for _ in range(_ATTEMPTS):
            try:
                self._replace(content)
            except ObjectChangedError:  # a late write of the lease's former holder, or a lost response to this one
                self._lease.renew()
                if self._lease.lost:
                    return
                current = self._store.get(STATE)
                self._etag = current.etag if current else None
            else:
                self._written = content
                return

    def _replace(self, content: bytes) -> None:
        if content:
            self._etag = self._store.put(STATE, content, replaces=self._etag, write=self._record.next_write())
        elif self._etag:
            self._store.delete(STATE, self._etag)
            self._etag = None
        self._record.set_copied(bool(content))


class Heartbeat:
    """A thread that renews a lease, and writes the copy of a state when that has changed.

    At its end it writes the copy a last time, and releases the lease.

    Arguments:
        lease: held by this process.
        interval: the seconds between two renewals.
        copy: the copy of the state.
        stop: set when the lease is lost, to end all waits.
    """

    def __init__(self, lease: Lease, interval: float, copy: StateCopy, stop: threading.Event) -> None:
        self.lease, self._interval, self._copy, self._stop = lease, interval, copy, stop
        self._state: State | None = None
        self._end, self._changed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def follow(self, state: State) -> None:
        """Write copies of this state: now, if it differs from the copy, and after each change."""
        self._state, state.on_change = state, self._changed.set
        self._changed.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._changed.set()
        self._thread.join()
        try:
            if self.lease.lost:
                raise self.lease.lost_error()
            self._write()
        except Exception:
            if error is None:
                raise
            logger.warning("the copy of the state could not be written", exc_info=True)
        finally:
            self._release()

    def _release(self) -> None:
        try:
            self.lease.release()
        except Exception:
            logger.warning("the shared lock could not be released; it expires", exc_info=True)

    def _run(self) -> None:
        while not (self._end.is_set() or self.lease.lost):
            self._changed.wait(max(0.0, self.lease.due))
            if self._end.is_set():
                return
            try:
                self._beat()
            except Exception:  # the lease is checked before each change
                logger.warning("the shared lock or state could not be written", exc_info=True)
                self._end.wait(self._interval / 10)

    def _beat(self) -> None:
        if self.lease.due <= 0:
            self.lease.renew()
        if self.lease.lost:
            self._stop.set()
        elif self._changed.is_set():
            self._changed.clear()  # before the state is read: a later change is written by the next beat
            try:
                self._write()
            except Exception:
                self._changed.set()
                raise

    def _write(self) -> None:
        if self._state is not None:
            self._copy.write(self._state.content)
