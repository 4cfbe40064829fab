"""The shared lock of a stack: a lease, which is an object in S3 that its holder renews.

The clocks of two machines are never compared. The holder measures with a clock of its own, from before it sends a
request. Whether a lease has expired is decided by the age that S3 gives its object.
"""

import json
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Annotated, Protocol

from pydantic import Field

from awsprov.aws.clients import CALL_TIMEOUT
from awsprov.aws.object_store import ObjectChangedError, StoredObject
from awsprov.documents import parse_document
from awsprov.engine.lock import Holder
from awsprov.errors import LockedError

LOCK = "lock.json"  # the object
_ROUNDING = 2.0  # seconds: S3's times are whole seconds
_ATTEMPTS = 5


class Store(Protocol):
    """The objects of one stack; `awsprov.aws.object_store.ObjectStore` documents the methods."""

    @property
    def location(self) -> object:
        """Where the objects are, for messages."""

    def get(self, name: str) -> StoredObject | None:
        """Return an object."""

    def put(self, name: str, body: bytes, *, replaces: str | None, write: str = "") -> str:
        """Write an object."""

    def delete(self, name: str, etag: str) -> None:
        """Delete an object."""


@dataclass(frozen=True)
class LeaseTimes:
    """The times of a lease, in seconds.

    Arguments:
        seconds: how long it lasts after it was renewed.
        call: the longest time-out of a call. A changing call is sent only if so much time is left, and the lease is
            taken over so much time after its end at the earliest.
        heartbeat: the time between two renewals.
    """

    seconds: float = 300.0
    call: float = CALL_TIMEOUT
    heartbeat: float = 30.0


@dataclass(frozen=True)
class LeaseDocument:
    """The content of the object.

    Arguments:
        holder: the process that holds the lease.
        seconds, call: as in `LeaseTimes`.
        number: how often the lease was taken over.
        token: of the run that holds it.
        renewal: how often it was renewed.
    """

    holder: Holder
    seconds: Annotated[float, Field(ge=0, lt=2**63)]
    call: Annotated[float, Field(ge=0, lt=2**63)]
    number: int
    token: str
    renewal: int

    @property
    def content(self) -> bytes:
        """The document as JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    def free_in(self, age: float) -> float:
        """Return the seconds until it may be taken over; negative if it may be already.

        Arguments:
            age: seconds since it was renewed, by S3's clock.
        """
        return self.seconds + self.call + _ROUNDING - age


def boot_clock() -> float:
    """Return the seconds of a clock that is never set, and that continues while the machine sleeps.

    `time.monotonic` stops on Linux while it sleeps, but not on macOS (manuals of clock_gettime).
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """The lease of one run.

    Arguments:
        store: the objects of the stack.
        holder: this process.
        token: a random text that identifies the run.
        times: how long everything lasts.
        clock: returns seconds; never set back, and never stopped.

    Attributes:
        lost: whether another process took it over, or it was removed.
        taken_from: the holder whose lease had expired, if it was taken over.
    """

    def __init__(
        self, store: Store, holder: Holder, token: str, times: LeaseTimes, clock: Callable[[], float] = boot_clock
    ) -> None:
        self._store, self._holder, self._token, self._times, self._clock = store, holder, token, times, clock
        self._mutex = threading.Lock()
        self._number, self._renewal, self._etag, self._renewed = 1, 0, "", 0.0
        self.lost = False
        self.taken_from: Holder | None = None

    def take(self, earlier_tokens: Collection[str] = ()) -> None:
        """Take the lease.

        Arguments:
            earlier_tokens: of earlier runs with this state directory. Its lock is held, so these runs have ended, and
                their leases need not expire.

        Raises:
            LockedError: another process holds it.
        """
        for _ in range(_ATTEMPTS):
            current = self._store.get(LOCK)
            replaces = self._replaceable(current, {*earlier_tokens, self._token}) if current else None
            with suppress(ObjectChangedError):  # by another process; or by this one, if a response was lost
                self._write(replaces)
                return
        raise held_elsewhere(self._store, self._store.get(LOCK))

    def _replaceable(self, current: StoredObject, own: Collection[str]) -> str:
        """Return the ETag of a lease that may be replaced."""
        found = read_lease(current)
        if found is None:
            raise held_elsewhere(self._store, current)
        if found.token not in own:
            if found.free_in(current.age) > 0:
                raise held_elsewhere(self._store, current)
            self.taken_from = found.holder
        self._number = found.number + 1
        return current.etag

    def _write(self, replaces: str | None) -> None:
        sent, self._renewal = self._clock(), self._renewal + 1
        times = self._times
        document = LeaseDocument(self._holder, times.seconds, times.call, self._number, self._token, self._renewal)
        etag = self._store.put(LOCK, document.content, replaces=replaces)
        with self._mutex:
            self._etag, self._renewed = etag, sent

    def renew(self) -> None:
        """Renew the lease; sets `lost` if it is another run's.

        Raises:
            AwsprovError: S3 could not be reached, or refused the call. The lease may be renewed later.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._write(self._etag)
            except ObjectChangedError:
                current = self._store.get(LOCK)
                found = read_lease(current) if current else None
                if current is None or found is None or found.token != self._token:
                    self.lost = True
                    return
                self._etag = current.etag  # the response to an earlier renewal was lost
            else:
                return

    @property
    def due(self) -> float:
        """The seconds until it should be renewed."""
        return self._renewed + self._times.heartbeat - self._clock()

    @property
    def left(self) -> float:
        """The seconds that are left; 0 if it is lost."""
        with self._mutex:
            return 0.0 if self.lost else max(0.0, self._renewed + self._times.seconds - self._clock())

    def check(self) -> None:
        """Check that a call which is sent now ends before the lease does.

        Raises:
            LockedError: it may not.
        """
        if self.left < self._times.call:
            raise self.lost_error()

    def lost_error(self) -> LockedError:
        """Return the error that the lease is lost, or could not be renewed in time."""
        why = (
            "Another process has taken it over, or it was removed." if self.lost else "It could not be renewed in time."
        )
        return LockedError(
            f"The shared lock {self._store.location}/{LOCK} is lost; nothing more was changed.",
            why=why,
            remedy="Wait until the other process ends, then run the same command again: it continues from here.",
        )

    def release(self) -> None:
        """Delete the object, if it is this run's."""
        if not self.lost:
            with suppress(ObjectChangedError):
                self._store.delete(LOCK, self._etag)


def unknown_holder() -> Holder:
    """Return the holder of a lock whose object cannot be read."""
    return Holder(0, "an unknown host", "an unknown user", "awsprov", 0.0)


def read_lease(stored: StoredObject) -> LeaseDocument | None:
    """Return the lease of an object; None if it cannot be read."""
    with suppress(ValueError):
        return parse_document(stored.body, LeaseDocument)
    return None


def held_elsewhere(store: Store, current: StoredObject | None) -> LockedError:
    """Return the error that says who holds the shared lock, and when it may be taken over.

    Arguments:
        store: the objects of the stack.
        current: the lock's object.
    """
    found = read_lease(current) if current else None
    if current is None or found is None:
        why = f"The lock is {store.location}/{LOCK}."
        return LockedError(
            "Another awsprov process works on this stack.", why=why, remedy="Wait, or: `awsprov unlock`."
        )
    wait = max(1, round(found.free_in(current.age)))
    return LockedError(
        "Another awsprov process works on this stack.",
        why=f"{found.holder.description}. It renewed the shared lock {current.age:.0f} s ago.",
        remedy=f"Wait until it ends. If it no longer runs, the lock is free in {wait} s, or after `awsprov unlock`.",
    )
