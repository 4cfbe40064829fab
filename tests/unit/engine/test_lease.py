"""The shared lock: one holder at a time, whatever the machines' clocks show, and whatever responses are lost."""

import pytest

from awsprov.engine.lease import LOCK, Lease, LeaseTimes, boot_clock
from awsprov.engine.lock import Holder
from awsprov.errors import AwsprovError, LockedError
from tests.unit.engine.memory_store import Clock, MemoryStore

TIMES = LeaseTimes(seconds=300, call=120, heartbeat=30)


def lease(store: MemoryStore, token: str, clock: Clock | None = None) -> Lease:
    return Lease(store, Holder(1, f"host-{token}", "ana", "awsprov up", 0.0), token, TIMES, clock or Clock(0.0))


def refused(taker: Lease) -> None:
    with pytest.raises(LockedError):
        taker.take()


def test_only_one_holds_it_until_it_is_released() -> None:
    store = MemoryStore()
    first, second = lease(store, "a"), lease(store, "b")
    first.take()
    with pytest.raises(LockedError) as error:
        second.take()
    assert "host-a" in error.value.why
    assert "awsprov unlock" in error.value.remedy
    first.release()
    assert store.names() == set()
    second.take()
    refused(first)


def test_it_is_taken_over_one_call_after_its_end_and_not_before() -> None:
    store = MemoryStore()
    first, second = lease(store, "a"), lease(store, "b")
    first.take()
    store.clock.now += TIMES.seconds + TIMES.call  # S3's times are whole seconds, so two more are needed
    refused(second)
    store.clock.now += 3
    second.take()
    assert second.taken_from is not None
    assert second.taken_from.host == "host-a"
    first.renew()
    assert first.lost
    with pytest.raises(LockedError, match="lost"):
        first.check()
    first.release()
    assert store.names() == {LOCK}  # the second one's


def test_a_renewed_lease_is_not_taken_over() -> None:
    store = MemoryStore()
    first, second = lease(store, "a"), lease(store, "b")
    first.take()
    for _ in range(10):
        store.clock.now += TIMES.seconds
        first.renew()
        refused(second)
    assert not first.lost


@pytest.mark.parametrize("offset", [-1e9, 0, 1e9])
def test_the_clocks_of_two_machines_are_never_compared(offset: float) -> None:
    store = MemoryStore()
    first, second = lease(store, "a", Clock(5.0)), lease(store, "b", Clock(5.0 + offset))
    first.take()
    refused(second)
    store.clock.now += TIMES.seconds + TIMES.call + 3
    second.take()


def test_a_call_is_sent_only_while_it_would_end_before_the_lease() -> None:
    store, clock = MemoryStore(), Clock(0.0)
    held = lease(store, "a", clock)
    held.take()
    clock.now += TIMES.seconds - TIMES.call
    held.check()
    clock.now += 0.1
    with pytest.raises(LockedError, match="lost") as error:
        held.check()
    assert "renewed in time" in error.value.why
    held.renew()  # it was not taken over, so the work may go on
    held.check()


def test_a_machine_that_slept_finds_its_lease_used_up() -> None:
    store, clock = MemoryStore(), Clock(0.0)
    held = lease(store, "a", clock)
    held.take()
    clock.now += 8 * 3600
    assert held.left == 0
    with pytest.raises(LockedError):
        held.check()


def test_time_counts_from_before_the_request_was_sent() -> None:
    class SlowStore(MemoryStore):
        def put(self, name: str, body: bytes, *, replaces: str | None, write: str = "") -> str:
            clock.now += 50
            return super().put(name, body, replaces=replaces, write=write)

    clock = Clock(0.0)
    held = lease(SlowStore(), "a", clock)
    held.take()
    assert held.left == TIMES.seconds - 50


def test_a_lost_response_is_not_a_lost_lease() -> None:
    store = MemoryStore(loses_responses=1)
    held = lease(store, "a")
    held.take()
    held.check()
    store.loses_responses = 1
    held.renew()
    assert not held.lost
    held.renew()
    held.check()
    held.release()
    assert store.names() == set()


def test_a_failed_renewal_can_be_repeated() -> None:
    store, clock = MemoryStore(), Clock(0.0)
    held = lease(store, "a", clock)
    held.take()
    store.unreachable = True
    clock.now += 100
    with pytest.raises(AwsprovError):
        held.renew()
    held.check()
    store.unreachable = False
    held.renew()
    assert held.left == TIMES.seconds


def test_a_removed_lock_is_lost() -> None:
    store = MemoryStore()
    held = lease(store, "a")
    held.take()
    current = store.get(LOCK)
    assert current
    store.delete(LOCK, current.etag)
    held.renew()
    assert held.lost
    assert held.left == 0


def test_the_same_directory_takes_its_own_lease_over_at_once() -> None:
    store = MemoryStore()
    lease(store, "killed").take()
    again = lease(store, "again")
    again.take({"killed"})
    again.check()
    assert again.taken_from is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"holder": 1}', b"\xff"])
def test_a_lock_that_cannot_be_read_is_held(body: bytes) -> None:
    store = MemoryStore()
    store.put(LOCK, body, replaces=None)
    store.clock.now += 1e6
    with pytest.raises(LockedError) as error:
        lease(store, "a").take()
    assert "awsprov unlock" in error.value.remedy


def test_the_clock_continues() -> None:
    assert boot_clock() <= boot_clock()
