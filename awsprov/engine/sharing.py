"""A stack's state in S3, for the people and machines that share it: a copy, written after the file on disk.

The intent to create a resource is on this disk only. A process that takes over the lock of one that was killed works as
with lost state: it finds the resources by their tags.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from awsprov.aws.client import Aws
from awsprov.aws.object_store import ObjectChangedError, StoredObject
from awsprov.engine.backups import rotate_backups
from awsprov.engine.heartbeat import STATE, Heartbeat, StateCopy
from awsprov.engine.lease import LOCK, Lease, LeaseTimes, Store, held_elsewhere, read_lease, unknown_holder
from awsprov.engine.lock import Holder, this_process
from awsprov.engine.sync_record import SyncRecordFile
from awsprov.errors import AwsprovError, LockedError
from awsprov.files import write_atomically

logger = logging.getLogger(__name__)


class SharedState:
    """The objects of a stack in S3: the shared lock, and the copy of the state.

    Arguments:
        store: the objects.
        path: the state file.
        times: how long a lease lasts.
    """

    def __init__(self, store: Store, path: Path, times: LeaseTimes) -> None:
        self.store, self._path, self._times = store, path, times
        self._record = SyncRecordFile(path, str(store.location))

    def newer_content(self) -> bytes | None:
        """Return the copy of the state if it is newer than the file on disk; empty if the stack was deleted.

        Raises:
            AwsprovError: the copy cannot be read.
        """
        return self._newer(self.store.get(STATE))

    def _newer(self, copy: StoredObject | None) -> bytes | None:
        known = self._record.read()
        if copy is None:
            return b"" if known.copied else None
        return None if copy.write in known.writes else copy.body

    def holder(self) -> Holder | None:
        """Return who holds the shared lock; None if it may be taken.

        Raises:
            AwsprovError: the lock cannot be read.
        """
        current = self.store.get(LOCK)
        return self._holder(current) if current else None

    def _holder(self, current: StoredObject) -> Holder | None:
        found = read_lease(current)
        if found is None:
            return unknown_holder()
        free = found.token in self._record.read().tokens or found.free_in(current.age) <= 0
        return None if free else found.holder

    def refuse_when_held(self) -> None:
        """Raise a LockedError when another process holds the shared lock."""
        current = self.store.get(LOCK)
        if current and self._holder(current):
            raise held_elsewhere(self.store, current)

    def last_holder(self) -> Holder | None:
        """Return whose lock it is, even if its lease has expired; None if there is no lock."""
        current = self.store.get(LOCK)
        found = read_lease(current) if current else None
        return found.holder if found else unknown_holder() if current else None

    def unlock(self) -> None:
        """Remove the lock, even if its lease has not expired."""
        if current := self.store.get(LOCK):
            with suppress(ObjectChangedError):  # it was released at this moment
                self.store.delete(LOCK, current.etag)

    @contextmanager
    def held(self, aws: Aws) -> Iterator[Heartbeat]:
        """Hold the shared lock, with a state file that is up to date. The local lock must be held.

        Arguments:
            aws: its changing calls need a lease that lasts until they end.

        Raises:
            LockedError: another process holds the lock, or has taken it over meanwhile.
        """
        lease = self._take()
        copy = self._bring_up_to_date()
        state_copy = StateCopy(self.store, lease, copy, self._record)
        aws.before_change = lease.check
        try:
            with Heartbeat(lease, self._times.heartbeat, state_copy, aws.stop) as heartbeat:
                yield heartbeat
        except AwsprovError as error:
            if lease.left < self._times.call:
                raise lease.lost_error() from error
            raise
        finally:
            aws.before_change = None
            if lease.lost:
                aws.stop.clear()  # the heartbeat set it to end this command: the next one may use the same clients

    def _take(self) -> Lease:
        """Take the lease. Its token is on disk before: after a crash this directory need not wait for its end."""
        known, token = self._record.read(), uuid.uuid4().hex
        lease = Lease(self.store, this_process(), token, self._times)
        self._record.write(replace(known, tokens=[*known.tokens, token]))
        try:
            lease.take(known.tokens)
        except LockedError:
            self._record.write(known)
            raise
        self._record.write(replace(known, tokens=[token]))
        if lease.taken_from:
            logger.warning("took over the shared lock of %s, which had expired", lease.taken_from.description)
        return lease

    def _bring_up_to_date(self) -> StoredObject | None:
        """Replace the state file by the copy if that is newer; the file becomes a backup. Return the copy."""
        copy = self.store.get(STATE)
        content = self._newer(copy)
        if content is not None:
            rotate_backups(self._path)
            for journal in self._path.parent.glob(f"{self._path.stem}.*.journal"):
                journal.unlink()  # it belongs to the document that is replaced
            if content:
                write_atomically(self._path, content)
            else:
                self._path.unlink(missing_ok=True)
            self._record.write(replace(self._record.read(), writes=[copy.write] if copy else []))
        self._record.set_copied(copy is not None)
        return copy
