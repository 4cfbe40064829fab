"""Ownership by tags, names and the state, on a cloud in memory: foreign resources, orphans, duplicates."""

import pytest

from awsprov.errors import PartialError, RefusedError
from tests.core.fakes import (
    EVERYTHING,
    Disk,
    Machine,
    Net,
    Role,
    refused,
    stack_of,
)
from tests.core.world import World

# ---- foreign resources, orphans, duplicates


def test_a_foreign_resource_of_the_same_name_is_refused_and_not_changed(world: World) -> None:
    foreign = world.cloud.make("Role", "role", "other-stack", {"policy": "theirs"})
    with pytest.raises(PartialError, match="role failed") as caught:
        world.engine().up()
    assert isinstance(caught.value.__cause__, RefusedError)
    assert world.cloud.things[foreign].values == {"policy": "theirs"}


def test_down_never_touches_a_foreign_resource(world: World) -> None:
    foreign = [world.cloud.make(kind.__name__, "net", "other-stack", {}) for kind in (Net, Machine, Disk)]
    world.engine().up()
    world.engine().down()
    assert sorted(world.cloud.things) == sorted(foreign)


def test_what_is_not_asked_for_any_more_goes_after_all_else_was_done_later_kinds_first(world: World) -> None:
    world.engine().up()
    world.cloud.log.clear()
    smaller = stack_of(Net("net"), Disk("disk"), Role("role", "write"))
    engine = world.engine(smaller)
    plan = engine.plan()
    assert [c.resource.name for c in plan.of("delete")] == ["machine", "code", "link"]  # the link by our own record
    engine.up(plan)
    assert world.cloud.log == ["change role", "delete code", "delete link", "delete machine"]
    assert world.cloud.names() == ["disk", "net", "role"]


def test_a_duplicate_is_removed_and_the_recorded_one_stays(world: World) -> None:
    world.engine().up()
    ours = world.engine().state.records["net"].id
    double = world.cloud.make("Net", "net", "demo", {"cidr": "10.0.0.0/16"})
    world.cloud.things = {double: world.cloud.things.pop(double), **world.cloud.things}  # listed before ours
    world.engine().up()
    assert ours in world.cloud.things
    assert double not in world.cloud.things


def test_a_second_disk_is_data_too(world: World) -> None:
    world.engine().up()
    world.cloud.make("Disk", "disk", "demo", {"encrypted": True})
    with pytest.raises(RefusedError, match="destroy data"):
        world.engine().up()


# ---- state


def test_lost_state_is_recovered_without_a_change(world: World) -> None:
    world.engine().up()
    before, ids = world.cloud.mutations(), sorted(world.cloud.things)
    world.path.unlink()
    world.engine().up()
    assert world.cloud.mutations() == before
    assert sorted(r.id for r in world.engine().state.records.values()) == ids


def test_down_with_lost_state_deletes_everything(world: World) -> None:
    world.engine().up()
    world.path.unlink()
    gone = world.engine().down()
    assert world.cloud.things == {}
    assert sorted(r.name for r in gone.found) == EVERYTHING


@pytest.mark.parametrize("code", ["IdempotentInstanceTerminated", "IdempotentParameterMismatch"])
def test_a_used_up_token_is_renewed(world: World, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens: list[str] = []
    create = Machine.create

    def once_refused(self: Machine, aws: object) -> str:
        tokens.append(self.token)
        if len(tokens) == 1:
            raise refused(code)
        return create(self, aws)  # type: ignore[arg-type]

    monkeypatch.setattr(Machine, "create", once_refused)
    world.engine().up()
    assert world.cloud.names() == EVERYTHING
    assert len(set(tokens)) == 2
    assert world.engine().state.records["machine"].token == tokens[1]


def test_a_thing_that_was_deleted_is_made_again_under_another_token(world: World) -> None:
    world.engine().up()
    first = world.engine().state.records["machine"].token
    engine = world.engine()
    engine.up(engine.plan(replace=["machine"]))
    assert world.engine().state.records["machine"].token != first
