"""Ownership by tags, names and the state, on a cloud in memory: foreign resources, orphans, duplicates."""

import threading

import pytest

from awsprov.errors import PartialError, RefusedError
from tests.unit.fakes import (
    EVERYTHING,
    Cloud,
    Disk,
    Machine,
    Net,
    Role,
    refused,
    small,
    stack_of,
)
from tests.unit.world import World

# ---- foreign resources, orphans, duplicates


def test_a_foreign_resource_of_the_same_name_is_refused_and_not_changed(world: World) -> None:
    foreign = world.cloud.create("Role", "role", "other-stack", {"policy": "theirs"})
    with pytest.raises(PartialError, match="role failed") as caught:
        world.engine().up()
    assert isinstance(caught.value.__cause__, RefusedError)
    assert world.cloud.resources[foreign].values == {"policy": "theirs"}


def test_down_never_touches_a_foreign_resource(world: World) -> None:
    foreign = [world.cloud.create(kind.__name__, "net", "other-stack", {}) for kind in (Net, Machine, Disk)]
    world.engine().up()
    world.engine().down()
    assert sorted(world.cloud.resources) == sorted(foreign)


def test_what_is_no_longer_declared_is_deleted_after_all_other_changes_later_kinds_first(world: World) -> None:
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
    double = world.cloud.create("Net", "net", "demo", {"cidr": "10.0.0.0/16"})
    world.cloud.resources = {double: world.cloud.resources.pop(double), **world.cloud.resources}  # listed before ours
    world.engine().up()
    assert ours in world.cloud.resources
    assert double not in world.cloud.resources


def test_a_second_disk_is_data_too(world: World) -> None:
    world.engine().up()
    world.cloud.create("Disk", "disk", "demo", {"encrypted": True})
    with pytest.raises(RefusedError, match="destroy data"):
        world.engine().up()


# ---- what belongs to somebody else under an id that we recorded

NAMES = ("net", "disk", "role", "machine", "link", "code")


def taken(world: World, name: str) -> str:
    """Give a recorded resource to another stack, and return its ID; a link belongs to the owner of its net."""
    id_ = world.engine().state.records[name].id
    resource = world.cloud.resources[id_]
    owner = world.cloud.resources[resource.values["net"]] if name == "link" else resource
    owner.stack = "other-stack"
    return id_


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_longer_declared_and_no_longer_the_stack_s_is_left_alone_and_forgotten(
    world: World, name: str
) -> None:
    world.engine().up()
    id_ = taken(world, name)
    heard: list[tuple[str, str]] = []
    engine = world.engine(stack_of())
    engine.emit = lambda event: heard.append((event.resource, event.step))
    engine.up(allow_data_loss=True)
    assert id_ in world.cloud.resources
    assert (name, "left") in heard
    assert engine.state.records == {}


@pytest.mark.parametrize("name", NAMES)
def test_down_leaves_what_is_no_longer_the_stack_s_and_ends_with_its_proof(world: World, name: str) -> None:
    world.engine().up()
    id_ = taken(world, name)
    result = world.engine().down()
    assert id_ in world.cloud.resources
    assert name in {r.name for r in result.foreign}
    assert name not in {r.name for r in result.found}
    assert result.remaining == ()
    assert not world.path.exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_changes_hands_after_the_plan_is_left_alone(world: World, name: str) -> None:
    world.engine().up()
    engine = world.engine(stack_of())
    plan = engine.plan()
    id_ = taken(world, name)
    engine.up(plan, allow_data_loss=True)
    assert id_ in world.cloud.resources


def test_a_replacement_deletes_nothing_that_changed_hands_after_the_plan(world: World) -> None:
    world.engine().up()
    engine = world.engine(small(size="large"))
    plan = engine.plan()
    id_ = taken(world, "machine")
    engine.up(plan)
    assert id_ in world.cloud.resources
    assert engine.state.records["machine"].id != id_


def test_a_resource_whose_owner_changed_after_it_was_found_is_not_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.engine().up()
    id_ = world.engine().state.records["role"].id
    read = Role.read

    def taken_meanwhile(self: Role, aws: object) -> dict[str, object]:
        world.cloud.resources[id_].stack = "other-stack"
        return read(self, aws)  # type: ignore[arg-type]

    monkeypatch.setattr(Role, "read", taken_meanwhile)
    with pytest.raises(PartialError, match="role failed") as caught:
        world.engine(stack_of(Net("net"), Disk("disk"), Role("role", "write"))).up()
    assert isinstance(caught.value.__cause__, RefusedError)
    assert world.cloud.resources[id_].values == {"policy": "read"}


def test_deploy_does_not_use_what_is_no_longer_the_stack_s(world: World) -> None:
    world.engine().up()
    taken(world, "machine")
    with pytest.raises(PartialError, match="code failed"):
        world.engine(small(text="print(2)")).deploy()
    assert "change code" not in world.cloud.log


def test_what_a_deploy_builds_upon_is_checked_at_the_same_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine().up()
    tags, together = Cloud.tags, threading.Barrier(3, timeout=10)  # code, machine, and the net of its link

    def wait_for_the_others(cloud: Cloud, id_: str) -> dict[str, str] | None:
        together.wait()
        return tags(cloud, id_)

    engine = world.engine(small(text="print(2)"), workers=8)
    monkeypatch.setattr(Cloud, "tags", wait_for_the_others)
    engine.deploy()
    assert world.cloud.log[-1] == "change code"


def test_each_deletion_costs_one_read_at_most(world: World) -> None:
    world.engine().up()
    world.cloud.calls.clear()
    world.engine().down()
    assert world.cloud.calls["get"] <= len(EVERYTHING)


def test_a_plan_does_not_announce_the_deletion_of_what_is_not_ours(world: World) -> None:
    world.engine().up()
    taken(world, "disk")
    plan = world.engine(stack_of(Net("net"), Role("role"))).plan()
    assert "disk" not in {change.resource.name for change in plan.of("delete")}


# ---- state


def test_lost_state_is_recovered_without_a_change(world: World) -> None:
    world.engine().up()
    before, ids = world.cloud.mutations(), sorted(world.cloud.resources)
    world.path.unlink()
    world.engine().up()
    assert world.cloud.mutations() == before
    assert sorted(r.id for r in world.engine().state.records.values()) == ids


def test_down_with_lost_state_deletes_everything(world: World) -> None:
    world.engine().up()
    world.path.unlink()
    outcome = world.engine().down()
    assert world.cloud.resources == {}
    assert sorted(r.name for r in outcome.found) == EVERYTHING


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


def test_a_deleted_resource_is_created_again_with_another_token(world: World) -> None:
    world.engine().up()
    first = world.engine().state.records["machine"].token
    engine = world.engine()
    engine.up(engine.plan(replace=["machine"]))
    assert world.engine().state.records["machine"].token != first
