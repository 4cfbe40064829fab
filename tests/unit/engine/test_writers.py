"""Resources that AWS changes one part at a time have one writer; a refused overlap is not another stack's resource."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.engine.resource import Differences, Owned, Tags
from awsprov.engine.stack import Stack
from awsprov.errors import PartialError
from tests.unit.fakes import KINDS, UNTAGGABLE, FakeResource, Link, Net, cloud_of
from tests.unit.world import World


@dataclass(eq=False, repr=False)
class Part(FakeResource):
    """A part of a net, which the cloud changes one at a time. Its id is `net/part`."""

    net: Net
    colour: str = "red"

    one_writer = "net"
    already_exists_codes = ("ConflictException",)

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return {name: [f"net/{each}" for each in ids] for name, ids in super().owned(aws).items()}

    def fetch_tags(self, aws: Aws) -> Tags | None:
        return cloud_of(aws).tags(self.id.removeprefix("net/"))

    def read(self, aws: Aws) -> dict[str, Any]:
        return {"colour": cloud_of(aws).resources[self.id.removeprefix("net/")].values["colour"]}

    def create(self, aws: Aws) -> str:
        with alone():
            return f"net/{super().create(aws)}"

    def configure(self, aws: Aws, changes: Differences) -> None:
        with alone():
            cloud_of(aws).resources[self.id.removeprefix("net/")].values.update(colour=self.colour)

    def delete(self, aws: Aws) -> None:
        with alone():
            cloud_of(aws).delete(self.id.removeprefix("net/"))


_changing = threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """Fail if another change is in progress."""
    assert _changing.acquire(blocking=False), "two changes at the same time"
    time.sleep(0.02)
    _changing.release()
    yield


def parts(number: int, colour: str = "red") -> Stack:
    net = Net("net")
    declared = [Part(f"part-{index}", net, colour) for index in range(number)]
    return Stack((net, *declared), (*KINDS, Part), UNTAGGABLE)


def test_parts_of_one_whole_are_created_changed_and_deleted_one_after_the_other(world: World) -> None:
    world.engine(parts(5), workers=8).up()
    world.engine(parts(5, "blue"), workers=8).up()
    assert {resource.values.get("colour") for resource in world.cloud.resources.values()} == {None, "blue"}
    world.engine(parts(2, "blue"), workers=8).up()  # the others are deleted as orphans, of which only the ids are known
    assert world.cloud.names() == ["net", "part-0", "part-1"]
    world.engine(parts(2, "blue"), workers=8).down()
    assert world.cloud.names() == []


@pytest.mark.parametrize("name", ["part-0", "link"])
def test_a_conflict_is_not_read_as_a_foreign_resource_without_looking(world: World, name: str) -> None:
    code, message = (
        ("ConflictException", "Refused: concurrent modification.") if name == "part-0" else ("LinkConflict", "")
    )
    error: Any = {"Error": {"Code": code, "Message": message}}
    world.cloud.fails[f"create {name}"] = ClientError(error, "CreateThing")
    net = Net("net")
    with pytest.raises(PartialError) as caught:
        world.engine(Stack((net, Part("part-0", net), Link("link", net)), (*KINDS, Part), UNTAGGABLE)).up()
    failed = caught.value.failures[0].error
    assert (failed.aws_code, "already exists" in failed.what) == (code, False)
