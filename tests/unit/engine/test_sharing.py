"""The shared state: what one machine records, the next one finds, also after a process was killed."""

import time
from pathlib import Path

import pytest

from awsprov.engine.heartbeat import STATE
from awsprov.engine.lease import LOCK, LeaseTimes
from awsprov.engine.lock import locked
from awsprov.engine.sharing import SharedState
from awsprov.engine.state import State
from awsprov.errors import AwsprovError, LockedError
from tests.unit.engine.memory_store import MemoryStore
from tests.unit.fakes import HOME, Cloud, Disk, FakeAws

TIMES = LeaseTimes(seconds=300, call=120, heartbeat=30)


class Machine:
    """A state directory; `work` is a command that records resources in it."""

    def __init__(self, directory: Path, store: MemoryStore) -> None:
        self.path, self.store = directory / "demo.json", store
        self.shared = SharedState(store, self.path, TIMES)

    def work(self, *records: str, without: str = "", ends: bool = False) -> State:
        """Record resources; delete the record of one; or, at the end of a stack, the whole state."""
        with locked(self.path) as lock, self.shared.held(FakeAws(Cloud())) as heartbeat:
            state = State(self.path, HOME, lock)
            heartbeat.follow(state)
            for name in records:
                state.record(disk(name))
            if without:
                state.record_deletion(without)
            if ends:
                state.remove()
        return state

    def names(self) -> set[str]:
        """Return the names that a read-only command finds."""
        return set(State(self.path, HOME, content=self.shared.newer_content()).records)


def disk(name: str) -> Disk:
    created = Disk(name)
    created.id = f"id-{name}"
    return created


@pytest.fixture(name="store")
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(name="ana")
def first_machine(tmp_path: Path, store: MemoryStore) -> Machine:
    return Machine(tmp_path / "ana", store)


@pytest.fixture(name="ben")
def second_machine(tmp_path: Path, store: MemoryStore) -> Machine:
    return Machine(tmp_path / "ben", store)


def test_a_colleague_finds_what_was_recorded(ana: Machine, ben: Machine, store: MemoryStore) -> None:
    ana.work("a")
    assert store.names() == {STATE}  # the lock is released
    assert ben.names() == {"a"}
    assert not ben.path.exists()  # reading writes nothing
    assert set(ben.work("b").records) == {"a", "b"}
    assert ana.names() == {"a", "b"}
    assert set(ana.work(without="a").records) == {"b"}
    assert ben.names() == {"b"}


def test_a_command_that_changes_nothing_writes_no_copy(ana: Machine, ben: Machine, store: MemoryStore) -> None:
    ana.work("a")
    before = store.get(STATE)
    ana.work("a")
    ben.work()
    assert store.get(STATE) == before


def test_the_state_that_is_replaced_is_a_backup(ana: Machine, ben: Machine) -> None:
    ben.work("old")
    ana.work("new", without="old")
    ben.path.with_name("demo.json.1").unlink(missing_ok=True)
    before = ben.path.read_bytes()
    ben.work()
    assert ben.path.with_name("demo.json.1").read_bytes() == before


def test_a_stack_that_a_colleague_deleted_does_not_exist(ana: Machine, ben: Machine, store: MemoryStore) -> None:
    ana.work("a")
    ben.work(ends=True)
    assert store.names() == set()
    assert ana.names() == set()
    assert not ana.work().records
    assert not ana.path.exists()


def test_a_state_from_before_it_was_shared_is_the_first_copy(ana: Machine, ben: Machine) -> None:
    with locked(ana.path) as lock:
        State(ana.path, HOME, lock).record(disk("a"))
    assert ana.names() == {"a"}
    ana.work()
    assert ben.names() == {"a"}


def test_local_changes_that_were_not_copied_are_kept(ana: Machine, ben: Machine) -> None:
    ana.work("a")
    with locked(ana.path) as lock:
        State(ana.path, HOME, lock).record(disk("b"))  # and then the process was killed
    assert ana.names() == {"a", "b"}
    ana.work()
    assert ben.names() == {"a", "b"}


def test_a_copy_whose_response_was_lost_is_known_to_be_our_own(ana: Machine, ben: Machine, store: MemoryStore) -> None:
    ana.work("a")
    store.loses_responses = 3
    ana.work("b")
    assert ben.names() == {"a", "b"}
    with locked(ana.path) as lock:
        State(ana.path, HOME, lock).record(disk("c"))
    assert ana.names() == {"a", "b", "c"}


def test_a_lost_bucket_makes_the_next_command_look_by_tags(ana: Machine, store: MemoryStore) -> None:
    ana.work("a")
    store._objects.clear()
    assert not ana.work().records


def test_one_at_a_time(ana: Machine, ben: Machine) -> None:
    with locked(ana.path), ana.shared.held(FakeAws(Cloud())):
        assert ben.shared.holder() is not None
        with pytest.raises(LockedError):
            ben.work("b")
        assert not ben.path.exists()
    assert ben.shared.holder() is None
    ben.work("b")


def test_a_killed_run_of_the_same_directory_is_taken_over_at_once(ana: Machine, ben: Machine) -> None:
    with locked(ana.path):
        ana.shared._take()  # killed
    assert ana.shared.holder() is None
    with pytest.raises(LockedError):
        ben.work("b")
    with pytest.raises(LockedError):  # a second refusal has not changed what is known
        ben.work("b")
    ana.work("a")
    ben.work("b")


def test_changing_calls_stop_when_the_lease_is_lost(ana: Machine, ben: Machine) -> None:
    aws = FakeAws(Cloud())

    def work() -> None:
        with locked(ana.path) as lock, ana.shared.held(aws) as heartbeat:
            state = State(ana.path, HOME, lock)
            heartbeat.follow(state)
            assert aws.before_change
            aws.before_change()
            ben.shared.unlock()
            ben.work("b")
            heartbeat.lease.renew()
            heartbeat._beat()
            assert aws.stop.is_set()
            state.record(disk("a"))
            aws.before_change()

    with pytest.raises(LockedError, match="lost") as error:
        work()
    assert "taken it over" in error.value.why
    assert aws.before_change is None
    assert not aws.stop.is_set()  # for the next command in this process
    assert ben.names() == {"b"}  # nothing was written over it
    assert ana.names() == {"b"}


def test_an_error_of_the_work_itself_stays_what_it_is(ana: Machine, store: MemoryStore) -> None:
    with pytest.raises(AwsprovError, match="the work failed"), locked(ana.path), ana.shared.held(FakeAws(Cloud())):
        raise AwsprovError("the work failed")
    assert LOCK not in store.names()


def test_a_copy_that_cannot_be_written_is_an_error_and_is_written_later(
    ana: Machine, ben: Machine, store: MemoryStore
) -> None:
    def work() -> None:
        with locked(ana.path) as lock, ana.shared.held(FakeAws(Cloud())) as heartbeat:
            state = State(ana.path, HOME, lock)
            heartbeat.follow(state)
            store.unreachable = True
            state.record(disk("a"))

    with pytest.raises(AwsprovError, match="reached"):
        work()
    store.unreachable = False
    assert ana.names() == {"a"}
    ana.work()
    assert ben.names() == {"a"}


def test_a_copy_that_could_not_be_written_is_written_while_the_command_runs(ana: Machine, store: MemoryStore) -> None:
    often = SharedState(store, ana.path, LeaseTimes(heartbeat=0.5))
    with locked(ana.path) as lock, often.held(FakeAws(Cloud())) as heartbeat:
        state = State(ana.path, HOME, lock)
        heartbeat.follow(state)
        store.unreachable = True
        state.record(disk("a"))
        time.sleep(0.3)
        store.unreachable = False
        deadline = time.monotonic() + 10
        while STATE not in store.names() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert STATE in store.names()


def test_what_is_known_of_another_bucket_says_nothing(ana: Machine, tmp_path: Path) -> None:
    ana.work("a")
    moved = Machine(ana.path.parent, MemoryStore(location="s3://other/eu-west-1/prices"))
    assert moved.names() == {"a"}
    moved.work()
    assert Machine(tmp_path / "ben", moved.store).names() == {"a"}
