"""The engine on a cloud in memory: its plans, its changes and their order, and what it does not change."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from awsprov.engine import state as state_module
from awsprov.engine.events import Event, emit_to
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.errors import InterruptedByUserError, PartialError, RefusedError
from tests.unit.fakes import (
    EVERYTHING,
    KINDS,
    Cloud,
    CloudResource,
    Code,
    Disk,
    Link,
    Net,
    refused,
    small,
)
from tests.unit.world import World


def at(log: list[str], *wanted: str) -> list[int]:
    return [log.index(each) for each in wanted]


# ---- up


def test_up_creates_each_resource_once_after_what_it_needs(world: World) -> None:
    world.engine(workers=8).up()
    assert world.cloud.names() == EVERYTHING
    log = world.cloud.log
    for first, then in [
        ("net", "machine"),
        ("disk", "machine"),
        ("role", "machine"),
        ("net", "link"),
        ("link", "code"),
    ]:
        assert log.index(f"create {first}") < log.index(f"create {then}")


def test_twice_is_once(world: World) -> None:
    world.engine().up()
    before = world.cloud.mutations()
    engine = world.engine()
    assert engine.plan().empty
    engine.up()
    assert world.cloud.mutations() == before


def test_what_is_recorded_is_read_in_parallel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine().up()
    listed, together = Cloud.listed, threading.Barrier(len(KINDS), timeout=10)  # each waits for all others

    def wait_for_the_others(cloud: Cloud, kind: str) -> dict[str, CloudResource]:
        together.wait()
        return listed(cloud, kind)

    engine = world.engine()
    monkeypatch.setattr(Cloud, "listed", wait_for_the_others)
    engine.prefetch(values=True)
    assert not together.broken
    monkeypatch.setattr(Cloud, "listed", listed)
    world.cloud.calls.clear()
    assert engine.plan().empty
    assert world.cloud.calls["list"] <= 1 + len(engine.stack.of(Link)) * 2  # links are looked for each time


def test_a_second_up_writes_nothing_either(world: World) -> None:
    world.engine().up()
    before = world.path.stat().st_ino, world.path.read_bytes()
    world.engine().up()
    assert (world.path.stat().st_ino, world.path.read_bytes()) == before


def test_the_intent_is_on_disk_before_the_call_and_the_id_right_after(world: World) -> None:
    world.cloud.fails["create machine"] = refused("VcpuLimitExceeded")
    with pytest.raises(PartialError):
        world.engine().up()
    state = world.engine().state
    assert state.records["machine"].id == ""
    assert state.records["machine"].token
    assert state.records["net"].id in world.cloud.resources


def test_an_id_is_written_down_before_its_wait_can_fail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("it never came up")

    monkeypatch.setattr(Net, "wait", broken)
    with pytest.raises(PartialError, match="net failed"):
        world.engine().up()
    assert world.engine().state.records["net"].id in world.cloud.resources


@pytest.mark.parametrize("verb", ["up", "down"])
def test_an_intent_from_the_future_is_not_waited_for_longer(
    world: World, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    with monkeypatch.context() as ahead:
        ahead.setattr(state_module, "time", SimpleNamespace(time=lambda: time.time() + 3600))
        world.cloud.fails["create machine"] = refused("VcpuLimitExceeded")
        with pytest.raises(PartialError):
            world.engine().up()
    assert world.engine().state.records["machine"].at > time.time() + 3000
    del world.cloud.fails["create machine"]
    began = time.monotonic()
    getattr(world.engine(), verb)()
    assert time.monotonic() - began < 60
    assert bool(world.cloud.resources) is (verb == "up")


def test_plan_says_what_up_would_do_and_changes_nothing(world: World) -> None:
    plan = world.engine().plan()
    assert [(c.resource.name, c.action) for c in plan.changes] == [
        (name, "create") for name in ("net", "disk", "role", "machine", "link", "code")
    ]
    assert not plan.empty
    assert world.cloud.mutations() == 0
    assert not world.path.exists()


def test_what_differs_is_changed_in_place_and_nothing_else(world: World) -> None:
    world.engine().up()
    world.cloud.log.clear()
    engine = world.engine(small(colour="blue"))
    plan = engine.plan()
    assert [(c.resource.name, c.differences) for c in plan.of("change")] == [("machine", {"colour": ("red", "blue")})]
    engine.up(plan)
    assert world.cloud.log == ["change machine"]


def test_drift_is_corrected(world: World) -> None:
    world.engine().up()
    role = next(resource for resource in world.cloud.resources.values() if resource.name == "role")
    role.values["policy"] = "everything"
    world.engine().up()
    assert role.values["policy"] == "read"


def test_what_somebody_deleted_is_created_again(world: World) -> None:
    world.engine().up()
    for id_ in [id_ for id_, resource in world.cloud.resources.items() if resource.name in ("code", "role")]:
        del world.cloud.resources[id_]
    world.engine().up()
    assert world.cloud.names() == EVERYTHING


def test_a_failure_stops_what_needs_it_and_nothing_else_and_the_next_run_continues(world: World) -> None:
    world.cloud.fails["create role"] = refused("AccessDenied")
    with pytest.raises(PartialError) as caught:
        world.engine(workers=4).up()
    assert world.cloud.names() == ["disk", "link", "net"]
    assert "role" in caught.value.what
    assert "AccessDenied" in caught.value.why
    world.cloud.fails.clear()
    world.engine().up()
    assert world.cloud.names() == EVERYTHING
    assert world.cloud.calls["create"] == len(EVERYTHING)


def test_a_serial_and_a_parallel_walk_end_in_the_same_state(world: World, tmp_path: Path) -> None:
    world.engine(workers=8).up()
    parallel = world.engine().state.records
    serial = World(type(world.cloud)(), tmp_path / "serial.json")
    serial.engine(workers=1).up()
    assert serial.cloud.names() == world.cloud.names()
    written = serial.engine().state.records
    assert {n: (r.type, r.needs, sorted(r.inputs)) for n, r in written.items()} == {
        n: (r.type, r.needs, sorted(r.inputs)) for n, r in parallel.items()
    }


# ---- replacement


def test_a_difference_that_cannot_be_changed_replaces_the_resource_and_what_depends_on_it(world: World) -> None:
    world.engine().up()
    disk = world.engine().state.records["disk"].id
    world.cloud.log.clear()
    engine = world.engine(small(cidr="10.1.0.0/16"))
    plan = engine.plan()
    assert [c.resource.name for c in plan.of("replace")] == ["net", "machine", "link", "code"]
    engine.up(plan)
    log = world.cloud.log
    assert at(log, "delete code", "delete machine", "delete net") == sorted(
        at(log, "delete code", "delete machine", "delete net")
    )
    assert log.index("delete link") < log.index("delete net") < log.index("create net") < log.index("create machine")
    assert world.cloud.names() == EVERYTHING
    assert world.engine().state.records["disk"].id == disk
    assert world.engine(small(cidr="10.1.0.0/16")).plan().empty


def test_a_replacement_that_is_requested_by_name(world: World) -> None:
    world.engine().up()
    before = {name: record.id for name, record in world.engine().state.records.items()}
    engine = world.engine()
    engine.up(engine.plan(replace=["machine"]))
    after = {name: record.id for name, record in world.engine().state.records.items()}
    assert {name for name in before if before[name] != after[name]} == {"machine", "code"}


def test_deploy_never_replaces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine().up()
    monkeypatch.setattr(Code, "immutable", frozenset({"text"}))
    with pytest.raises(PartialError) as raised:
        world.engine(small(text="print(2)")).deploy()
    assert "code must be replaced" in raised.value.why
    assert "delete code" not in world.cloud.log


def test_data_is_not_lost_to_a_replacement_unless_that_is_allowed(world: World) -> None:
    world.engine().up()
    stack = small()
    next(r for r in stack if isinstance(r, Disk)).encrypted = False
    with pytest.raises(RefusedError, match=r"destroy data: disk"):
        world.engine(stack).up()
    assert world.cloud.names() == EVERYTHING
    assert not [entry for entry in world.cloud.log if entry.startswith("delete")]
    world.engine(stack).up(allow_data_loss=True)
    assert next(t for t in world.cloud.resources.values() if t.name == "disk").values["encrypted"] is False


# ---- interruption


def test_an_interruption_finishes_what_runs_and_starts_nothing_new(world: World) -> None:
    stop = threading.Event()
    world.emit = lambda event: stop.set() if (event.resource, event.step) == ("net", "creating") else None
    engine = world.engine(workers=1, stop=stop)
    plan = engine.plan()
    with pytest.raises(InterruptedByUserError):
        engine.up(plan)
    state = world.engine().state
    assert "net" in world.cloud.names()
    assert set(world.cloud.names()) == set(state.records)  # all that runs was written down
    assert all(record.id for record in state.records.values())
    assert "machine" not in world.cloud.names()


def test_what_is_not_waited_for_any_longer_has_not_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr(Net, "wait", lambda net, aws: aws.wait_until(lambda: False, 10, f"{net.name} to be available"))
    steps: list[tuple[str, str]] = []

    def emit(event: Event) -> None:
        steps.append((event.resource, event.step))
        if steps[-1] == ("net", "creating"):
            stop.set()

    world.emit = emit
    with pytest.raises(InterruptedByUserError, match="1 not waited for"):
        world.engine(stop=stop).up()
    assert ("net", "stopped") in steps
    assert "failed" not in {step for _, step in steps}


@pytest.mark.parametrize("verb", ["plan", "up", "down", "deploy"])
def test_an_engine_that_is_stopped_beforehand_does_nothing(world: World, verb: str) -> None:
    world.engine().up()
    before, written = world.cloud.mutations(), world.path.read_bytes()
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedByUserError):
        getattr(world.engine(small(colour="blue"), stop=stop), verb)()
    assert (world.cloud.mutations(), world.path.read_bytes()) == (before, written)


# ---- events


def test_every_step_emits_an_event(world: World) -> None:
    heard: list[Event] = []
    world.emit = heard.append
    world.engine().up()
    assert [e.step for e in heard if e.resource == "machine"] == ["creating", "ready"]
    heard.clear()
    world.engine(small(colour="blue")).up()
    assert next((e.step, e.detail) for e in heard if e.resource == "machine") == ("changing", "colour")
    assert {e.step for e in heard if e.resource != "machine"} == {"unchanged"}
    heard.clear()
    world.engine().down()
    assert [e.step for e in heard if e.resource == "machine"] == ["deleting", "deleted"]


def test_each_listener_gets_every_event_in_order(world: World) -> None:
    first: list[Event] = []
    second: list[Event] = []
    world.emit = emit_to(first.append, second.append)
    world.engine().up()
    assert first
    assert first == second


def test_a_failure_is_described_in_its_event(world: World) -> None:
    heard: list[Event] = []
    world.emit = heard.append
    world.cloud.fails["create machine"] = refused("VcpuLimitExceeded")
    with pytest.raises(PartialError):
        world.engine().up()
    failed = next(e for e in heard if e.step == "failed")
    assert (failed.resource, "vCPU quota" in failed.detail) == ("machine", True)


def test_remote_output_and_waits_emit_events(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []
    world.emit = heard.append

    def wait(self: Resource, _: object) -> None:
        self.on_wait("for the weather")
        self.on_output("Collecting numpy")

    monkeypatch.setattr(Net, "wait", wait)
    world.engine().up()
    assert [(e.step, e.detail) for e in heard if e.resource == "net"][1:3] == [
        ("waiting", "for the weather"),
        ("output", "Collecting numpy"),
    ]


# ---- adding a kind


def test_a_kind_that_the_engine_does_not_know_is_not_listed(world: World) -> None:
    world.engine().up()
    assert {r.type for r in world.engine(Stack(small(), KINDS[:4], {})).owned()} == {"Net", "Disk", "Role", "Machine"}
