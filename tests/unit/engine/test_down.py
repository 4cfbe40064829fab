"""`down` and `deploy` on a cloud in memory: the order of deletions, what is kept, what remains."""

import pytest

from awsprov.engine.engine import Engine
from awsprov.errors import AwsprovError, NoStackError, PartialError
from tests.unit.fakes import (
    EVERYTHING,
    Code,
    Disk,
    Link,
    Machine,
    Net,
    Role,
    refused,
    small,
    stack_of,
)
from tests.unit.world import World


def at(log: list[str], *wanted: str) -> list[int]:
    return [log.index(each) for each in wanted]


# ---- down


def test_down_deletes_dependents_first_and_leaves_no_state(world: World) -> None:
    world.engine().up()
    world.cloud.log.clear()
    result = world.engine(workers=8).down()
    log = world.cloud.log
    assert len(log) == len(EVERYTHING)
    assert log[0] == "delete code"
    for first, then in [("machine", "net"), ("machine", "disk"), ("machine", "role"), ("link", "net")]:
        assert log.index(f"delete {first}") < log.index(f"delete {then}")
    assert (world.cloud.resources, result.remaining, result.kept) == ({}, (), ())
    assert not world.path.exists()


def test_what_failed_is_reported_when_the_rest_cannot_be_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine().up()

    def broken(*_: object) -> None:
        raise AwsprovError("AWS could not be reached.")

    monkeypatch.setattr(Machine, "delete", broken)
    monkeypatch.setattr(Engine, "remaining", broken)
    with pytest.raises(PartialError, match="machine failed"):
        world.engine().down()


def test_down_of_nothing_is_nothing(world: World) -> None:
    result = world.engine().down()
    assert result.found == result.kept == result.remaining == ()
    assert world.cloud.mutations() == 0


def test_down_keeps_resources_with_their_needs_and_the_next_up_finds_them(world: World) -> None:
    world.engine().up()
    kept = {name: world.engine().state.records[name].id for name in ("net", "link", "disk")}
    result = world.engine().down(keep=lambda r: isinstance(r, Link | Disk))
    assert sorted(r.name for r in result.kept) == ["disk", "link", "net"]
    assert world.cloud.names() == ["disk", "link", "net"]
    assert result.remaining == ()
    world.engine().up()
    assert {name: world.engine().state.records[name].id for name in kept} == kept


def test_down_can_keep_what_is_not_declared_any_more(world: World) -> None:
    world.engine().up()
    result = world.engine(stack_of(Net("net"))).down(keep=lambda r: isinstance(r, Machine))
    assert [r.name for r in result.kept] == ["machine"]
    assert "machine" in world.cloud.names()


def test_down_names_what_remains(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine().up()
    monkeypatch.setattr(Role, "delete", lambda *_: None)  # says that it did, and did not
    result = world.engine().down()
    assert [r.name for r in result.remaining] == ["role"]
    assert world.path.exists()


def test_a_failed_deletion_keeps_what_it_needs_and_the_next_down_continues(world: World) -> None:
    world.engine().up()
    world.cloud.fails["delete machine"] = refused("DependencyViolation")
    result = world.engine(workers=4).down()
    errors = {failure.resource.split()[1]: failure.error for failure in result.failures}
    assert (errors["machine"].aws_code, errors["machine"].operation) == ("DependencyViolation", "CreateThing")
    assert errors["net"].what == "A resource that needs it could not be deleted."
    assert world.cloud.names() == ["disk", "machine", "net", "role"]
    world.cloud.fails.clear()
    world.engine().down()
    assert world.cloud.resources == {}


def test_down_deletes_orphans_in_the_order_of_their_kinds(world: World) -> None:
    world.engine().up()
    world.cloud.log.clear()
    net, disk, role = Net("net"), Disk("disk"), Role("role")
    other = Machine("other", net, disk, role)
    world.engine(stack_of(net, disk, role, other, Code("code", other))).down()
    assert world.cloud.resources == {}
    assert at(world.cloud.log, "delete code", "delete machine", "delete net") == sorted(
        at(world.cloud.log, "delete code", "delete machine", "delete net")
    )


# ---- deploy


def test_deploy_touches_only_what_is_deployed(world: World) -> None:
    world.engine().up()
    world.cloud.log.clear()
    world.cloud.calls.clear()
    engine = world.engine(small(colour="blue", text="print(2)"))
    done = engine.deploy()
    assert world.cloud.log == ["change code"]
    assert [r.name for r in done.done] == ["code"]
    assert world.cloud.calls["list"] == 1


def test_deploy_twice_is_once(world: World) -> None:
    world.engine().up()
    before = world.cloud.mutations()
    world.engine().deploy()
    assert world.cloud.mutations() == before


def test_deploy_refuses_a_stack_that_is_not_complete(world: World) -> None:
    with pytest.raises(NoStackError, match=r"link, machine missing"):
        world.engine().deploy()
    assert world.cloud.mutations() == 0
