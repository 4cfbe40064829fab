"""A cloud in memory that counts and orders changes, lists late and crashes on request; and its resources."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.engine.lock import StackLock
from awsprov.engine.ownership import PartOf
from awsprov.engine.resource import Differences, Owned, Resource, Tags, Values
from awsprov.engine.stack import Stack
from awsprov.engine.state import StackKey, State
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.lockfile import Lock

T = TypeVar("T")
SETTLED = 0.3  # seconds until all that was made is listed
HOME = StackKey("demo", "123456789012", "us-east-1")


def writable(path: Path, home: StackKey = HOME) -> State:
    """Return a state that can be written, without a lock on disk: a process that dies in a test would keep that one."""
    return State(path, home, StackLock())


class Crash(BaseException):
    """The process dies here: no `except Exception` catches it, and nothing that it does afterwards has an effect."""


def refused(code: str) -> ClientError:
    """Return the error of a call that AWS refused."""
    return ClientError({"Error": {"Code": code, "Message": f"it says {code}"}}, "CreateThing")


@dataclass
class Thing:
    """A resource in the cloud."""

    kind: str
    name: str
    stack: str
    values: dict[str, Any]
    token: str
    seen_from: float


@dataclass
class Cloud:
    """The cloud: all things by id.

    Attributes:
        late: seconds until a new thing is listed.
        dies_at: the step at which the process dies; there is a step before and after each change.
        fails: errors by verb and name, as in `create machine`.
        log: all changes, in order.
    """

    late: float = 0.0
    dies_at: int = -1
    fails: dict[str, Exception] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    dead: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def step(self) -> None:
        """Count a step; die at the chosen one, and refuse everything once dead."""
        with self.lock:
            if self.steps == self.dies_at:
                self.dead = True
            if self.dead:
                raise Crash
            self.steps += 1

    def revive(self) -> None:
        """Start a new process."""
        self.dead, self.dies_at = False, -1

    def change(self, verb: str, name: str) -> None:
        """Before a change: die, fail, or count it."""
        with self.lock:
            self.step()
            if error := self.fails.get(f"{verb} {name}"):
                raise error
            self.calls[verb] += 1
            self.log.append(f"{verb} {name}")

    def make(self, kind: str, name: str, stack: str, values: dict[str, Any], token: str = "") -> str:
        """Create a thing and return its id; return the existing one for a known token."""
        with self.lock:
            for id_, thing in self.things.items():
                if token and thing.token == token:
                    if thing.values != values:
                        raise refused("IdempotentParameterMismatch")
                    return id_
            id_ = f"{kind.lower()}-{len(self.log)}-{len(self.things)}"
            self.things[id_] = Thing(kind, name, stack, dict(values), token, time.monotonic() + self.late)
            self.step()  # created, and the response lost
            return id_

    def listed(self, kind: str) -> dict[str, Thing]:
        """Return what listings show."""
        with self.lock:
            if self.dead:
                raise Crash
            self.calls["list"] += 1
            now = time.monotonic()
            return {id_: t for id_, t in self.things.items() if t.kind == kind and t.seen_from <= now}

    def tags(self, id_: str) -> dict[str, str] | None:
        """Return the tags of a thing, which are never late; None if it does not exist."""
        with self.lock:
            if self.dead:
                raise Crash
            self.calls["get"] += 1
            thing = self.things.get(id_)
            return {"awsprov:stack": thing.stack, "awsprov:name": thing.name} if thing else None

    def take(self, id_: str) -> None:
        """Delete a thing."""
        with self.lock:
            self.things.pop(id_, None)
            self.step()

    def mutations(self) -> int:
        """Return the number of changes."""
        return sum(count for verb, count in self.calls.items() if verb not in ("list", "get"))

    def names(self, stack: str = "demo") -> list[str]:
        """Return the names of all things of a stack, with duplicates."""
        return sorted(thing.name for thing in self.things.values() if thing.stack == stack)


class FakeAws(Aws):
    """Aws with the cloud in memory in place of its clients; tags and cache are the real ones."""

    def __init__(self, cloud: Cloud, stack: str = "demo") -> None:
        self.stack, self.region, self.cloud = stack, "us-east-1", cloud
        self.role_path, self.own_tags, self.like = "/", dict[str, str](), ""
        self._cache, self._sending, self.before_change = {}, threading.local(), None
        self._cache_locks = defaultdict(threading.Lock)
        self.stop = threading.Event()

    def wait_until(self, probe: Callable[[], T | None], timeout: float, what: str, **_: float) -> T:
        """Wait as Aws does, with the shorter times of this cloud."""
        return super().wait_until(probe, min(timeout, SETTLED), what, initial_delay=0.02, maximum_delay=0.05)


def cloud_of(aws: Aws) -> Cloud:
    """Return the cloud in memory."""
    assert isinstance(aws, FakeAws)
    return aws.cloud


@dataclass(eq=False, repr=False)
class Fake(Resource):
    """A thing with tags, listed by kind."""

    area = "network"
    tokens: ClassVar[bool] = True  # whether the cloud honours its tokens

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        owned: Owned = defaultdict(list)
        for id_, thing in aws.cached(cls.__name__, lambda: cloud_of(aws).listed(cls.__name__)).items():
            if thing.stack == aws.stack:
                owned[thing.name].append(id_)
        return dict(owned)

    def fetch_tags(self, aws: Aws) -> Tags | None:
        return cloud_of(aws).tags(self.id)

    def create(self, aws: Aws) -> str:
        cloud = cloud_of(aws)
        cloud.change("create", self.name)
        return cloud.make(self.type, self.name, aws.stack, self.inputs, self.token if self.tokens else "")

    def read(self, aws: Aws) -> Values:
        return dict(cloud_of(aws).things[self.id].values)

    def configure(self, aws: Aws, changes: Differences) -> None:
        cloud_of(aws).change("change", self.name)
        values = cloud_of(aws).things[self.id].values
        for name, (has, wants) in changes.items():
            assert values[name] == has
            values[name] = wants

    def delete(self, aws: Aws) -> None:
        cloud_of(aws).change("delete", self.name)
        cloud_of(aws).take(self.id)


@dataclass(eq=False, repr=False)
class Net(Fake):
    """A repeated call creates another one: found by its tags only."""

    cidr: str = "10.0.0.0/16"

    immutable = frozenset({"cidr"})
    idempotent_create = False
    tokens = False


@dataclass(eq=False, repr=False)
class Disk(Fake):
    """Holds data; created with a token."""

    encrypted: bool = True

    immutable = frozenset({"encrypted"})
    stateful = True


@dataclass(eq=False, repr=False)
class Role(Fake):
    """A natural key: its name is unique among all stacks."""

    policy: str = "read"

    already_exists_codes = ("EntityAlreadyExists",)
    tokens = False

    def create(self, aws: Aws) -> str:
        cloud = cloud_of(aws)
        if any((thing.kind, thing.name) == ("Role", self.name) for thing in cloud.things.values()):
            raise refused("EntityAlreadyExists")
        return super().create(aws)


@dataclass(eq=False, repr=False)
class Machine(Fake):
    """Created with a token, in a net."""

    net: Net
    disk: Disk
    role: Role
    size: str = "small"
    colour: str = "red"

    immutable = frozenset({"net", "size"})


@dataclass(eq=False, repr=False)
class Link(Fake):
    """Carries no tags: found through its net."""

    net: Net

    replace_triggered_by = frozenset({"net"})
    tokens = False
    already_exists_codes = ("LinkConflict",)

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        return {}

    def find(self, aws: Aws) -> str:
        links = cloud_of(aws).listed("Link")
        return next(
            (id_ for id_, link in links.items() if self.net.id and link.values["net"] == self.net.id),
            "",
        )

    def parent_id(self, aws: Aws) -> str:
        link = cloud_of(aws).things.get(self.id)
        return link.values["net"] if link else ""

    def create(self, aws: Aws) -> str:
        if any(t.kind == "Link" and t.values["net"] == self.net.id for t in cloud_of(aws).things.values()):
            raise refused("LinkConflict")
        return super().create(aws)


@dataclass(eq=False, repr=False)
class Code(Fake):
    """Updated by `deploy`."""

    machine: Machine
    text: str = "print(1)"

    deployed = True
    replace_triggered_by = frozenset({"machine"})
    area = "serving"


KINDS = (Net, Disk, Role, Machine, Link, Code)
UNTAGGABLE: dict[type[Resource], PartOf] = {Link: PartOf(Net, "a link carries no tags")}


def stack_of(*resources: Resource) -> Stack:
    """Return a stack of these resources."""
    return Stack(resources, KINDS, UNTAGGABLE)


def small(*, cidr: str = "10.0.0.0/16", size: str = "small", colour: str = "red", text: str = "print(1)") -> Stack:
    """Return a stack with one of each kind, and each kind of edge."""
    net, disk, role = Net("net", cidr), Disk("disk"), Role("role")
    machine = Machine("machine", net, disk, role, size, colour)
    link = Link("link", net)
    return stack_of(net, disk, role, machine, link, Code("code", machine, text, after=(link,)))


EVERYTHING = ["code", "disk", "link", "machine", "net", "role"]


def locked(name: str, version: str, digit: str = "0") -> LockedPackage:
    """A package in a lock file, with a hash of one digit."""
    file = f"https://files.example.com/{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return LockedPackage(name, version, f"sha256:{digit * 64}", file, "https://index.example.com/simple")


def write_lock(lock: Lock, *packages: LockedPackage) -> None:
    """Write a lock file that is up to date, with these packages."""
    replace(lock, draft=lock.text_of(list(packages))).write()
