"""kill -9 anywhere: before and after each change of the cloud, and before and after each write of the state.

The cloud honours tokens as AWS does, and lists new resources late. The next process is given no flag.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from awsprov import files
from awsprov.engine import journal, state
from awsprov.engine.engine import Engine
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from tests.unit.fakes import EVERYTHING, Cloud, Crash, Disk, Link, Net, Role, small, stack_of
from tests.unit.world import World, crashing_writes, settle_quickly

pytestmark = pytest.mark.thorough  # a crash at each moment of a stack's life

Run = Callable[[Engine], object]
LATE = 0.15  # seconds; the engine waits 0.3


@pytest.fixture
def new_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], World]:
    """Return new worlds, whose processes also crash before and after each write of the state."""
    settle_quickly(monkeypatch)
    count = iter(range(10_000))
    original, append = files.write_atomically, journal.Journal.append

    def fresh(late: float = 0.0) -> World:
        monkeypatch.setattr(state, "write_atomically", original)
        monkeypatch.setattr(journal.Journal, "append", append)
        created = World(Cloud(late=late), tmp_path / f"{next(count)}.json")
        crashing_writes(monkeypatch, created.cloud)
        return created

    return fresh


def interrupted(world: World, step: int, run: Run, stack: Stack | None = None) -> bool:
    """Run a process that crashes at that step; return whether it reached it."""
    try:
        run(world.crashing(step, stack))
    except Crash:
        return True
    return False


def steps(world: World, run: Run, stack: Stack | None = None) -> int:
    """Return the number of steps at which a process can crash."""
    run(world.crashing(-1, stack))
    return world.cloud.steps


def test_up_converges_after_a_crash_at_any_moment(new_world: Callable[[float], World]) -> None:
    total = steps(new_world(0.0), Engine.up)
    assert total > 4 * len(EVERYTHING)
    for step in range(total):
        world = new_world(0.0)
        assert interrupted(world, step, Engine.up)
        world.engine().up()
        assert world.cloud.names() == EVERYTHING, step
        assert world.engine().plan().empty, step
        assert {record.id for record in world.engine().state.records.values()} == set(world.cloud.resources)


def test_up_and_down_converge_with_a_journal_as_with_a_document(
    new_world: Callable[[float], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_SMALL", 0)
    ups = steps(new_world(0.0), Engine.up)
    for step in range(0, ups, 4):
        world = new_world(0.0)
        assert interrupted(world, step, Engine.up)
        world.engine().up()
        assert world.cloud.names() == EVERYTHING, step
        assert {record.id for record in world.engine().state.records.values()} == set(world.cloud.resources)
        interrupted(world, step, Engine.down)
        world.engine().down()
        assert world.cloud.resources == {}, step
        assert not list(world.path.parent.glob(f"{world.path.stem}.*.journal")), step


@pytest.mark.parametrize("step", range(44))
def test_up_converges_when_what_was_created_is_listed_late(new_world: Callable[[float], World], step: int) -> None:
    world = new_world(LATE)
    interrupted(world, step, Engine.up)
    world.engine().up()
    assert world.cloud.names() == EVERYTHING
    assert {record.id for record in world.engine().state.records.values()} == set(world.cloud.resources)


def test_what_is_listed_only_once_the_look_is_over_is_no_orphan(
    new_world: Callable[[float], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world(3600.0)
    disk = Disk("disk")
    disk.token = "lost answer"
    world.cloud.create("Disk", "disk", "demo", disk.inputs, disk.token)
    orphans = Engine.orphans

    def listed_now(engine: Engine) -> list[Resource]:
        for resource in world.cloud.resources.values():
            resource.seen_from = 0.0
        engine.aws.clear_cache()
        return orphans(engine)

    monkeypatch.setattr(Engine, "orphans", listed_now)
    only_disk = stack_of(Disk("disk"))
    assert [change.action for change in world.engine(only_disk).plan().changes] == ["create"]
    world.engine(only_disk).up()
    assert world.cloud.names() == ["disk"]


def test_up_converges_after_two_crashes(new_world: Callable[[float], World]) -> None:
    total = steps(new_world(0.0), Engine.up)
    for step in range(0, total, 5):
        for again in range(0, total, 7):
            world = new_world(0.0)
            interrupted(world, step, Engine.up)
            interrupted(world, again, Engine.up)
            world.engine().up()
            assert world.cloud.names() == EVERYTHING, (step, again)


def test_down_converges_after_a_crash_at_any_moment(new_world: Callable[[float], World]) -> None:
    built = new_world(0.0)
    built.engine().up()
    total = steps(built, Engine.down)
    assert total > 2 * len(EVERYTHING)
    for step in range(total):
        world = new_world(0.0)
        world.engine().up()
        assert interrupted(world, step, Engine.down)
        world.engine().down()
        assert world.cloud.resources == {}, step
        assert not world.path.exists(), step


@pytest.mark.parametrize("late", [0.0, LATE])
def test_down_after_a_crashed_up_leaves_nothing(new_world: Callable[[float], World], late: float) -> None:
    total = steps(new_world(0.0), Engine.up)
    for step in range(0, total, 1 if not late else 3):
        world = new_world(late)
        assert interrupted(world, step, Engine.up)
        world.engine().down()
        assert world.cloud.resources == {}, step


def test_a_replacement_converges_after_a_crash_at_any_moment(new_world: Callable[[float], World]) -> None:
    def wanted() -> Stack:
        return small(cidr="10.1.0.0/16")

    built = new_world(0.0)
    built.engine().up()
    total = steps(built, Engine.up, wanted())
    for step in range(0, total, 2):
        world = new_world(0.0)
        world.engine().up()
        assert interrupted(world, step, Engine.up, wanted())
        world.engine(wanted()).up()
        assert world.cloud.names() == EVERYTHING, step
        assert world.engine(wanted()).plan().empty, step


def test_deploy_converges_after_a_crash_at_any_moment(new_world: Callable[[float], World]) -> None:
    built = new_world(0.0)
    built.engine().up()
    total = steps(built, Engine.deploy, small(text="print(2)"))
    assert total > 1
    for step in range(total):
        world = new_world(0.0)
        world.engine().up()
        interrupted(world, step, Engine.deploy, small(text="print(2)"))
        world.engine(small(text="print(2)")).deploy()
        assert next(t for t in world.cloud.resources.values() if t.name == "code").values["text"] == "print(2)"
        assert world.engine(small(text="print(2)")).plan().empty


def test_deleting_what_is_not_declared_converges(new_world: Callable[[float], World]) -> None:
    def less() -> Stack:
        return stack_of(Net("net"), Role("role"))

    built = new_world(0.0)
    built.engine().up()
    total = steps(built, lambda engine: engine.up(allow_data_loss=True), less())
    for step in range(total):
        world = new_world(0.0)
        world.engine().up()
        interrupted(world, step, lambda engine: engine.up(allow_data_loss=True), less())
        world.engine(less()).up(allow_data_loss=True)
        assert world.cloud.names() == ["net", "role"], step


def test_a_lost_answer_and_a_lost_state_together_converge_by_tags(new_world: Callable[[float], World]) -> None:
    total = steps(new_world(0.0), Engine.up)
    for step in range(total):
        world = new_world(0.0)
        interrupted(world, step, Engine.up)
        world.path.unlink(missing_ok=True)
        world.engine().up()
        assert world.cloud.names() == EVERYTHING, step


def test_a_crash_with_many_at_work_converges(new_world: Callable[[float], World]) -> None:
    nets = [Net(f"net-{n}") for n in range(6)]
    links = [Link(f"link-{n}", net) for n, net in enumerate(nets)]
    for step in range(0, 70, 5):
        world = new_world(0.0)
        engine = world.crashing(step, stack_of(*nets, *links))
        engine.workers = 6
        with pytest.raises(Crash):
            engine.up()
        world.engine(stack_of(*nets, *links), workers=6).up()
        assert world.cloud.names() == sorted(r.name for r in [*nets, *links]), step


def test_the_token_of_the_interrupted_call_is_used_again(new_world: Callable[[float], World]) -> None:
    world = new_world(60.0)  # listings never show it in time: only the token can tell
    total = steps(new_world(60.0), Engine.up, disk())
    for step in range(total):
        world = new_world(60.0)
        interrupted(world, step, Engine.up, disk())
        world.engine(disk()).up()
        assert world.cloud.names() == ["disk"], step


def test_down_waits_for_what_a_crashed_up_has_just_created(new_world: Callable[[float], World]) -> None:
    total = steps(new_world(0.0), Engine.up, disk())
    for step in range(total):
        world = new_world(LATE)
        interrupted(world, step, Engine.up, disk())
        world.engine(disk()).down()
        assert world.cloud.resources == {}, step


def disk() -> Stack:
    return stack_of(Disk("disk"))
