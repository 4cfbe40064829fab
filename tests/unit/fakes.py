"""A cloud in memory that counts and orders changes, lists late and crashes on request; and its resources."""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from awsprov.aws.client import Aws
from awsprov.aws.errors import ClientError
from awsprov.engine.lock import StackLock
from awsprov.engine.ownership import PartOf
from awsprov.engine.record import Record
from awsprov.engine.resource import Differences, Owned, Resource, Tags, Values
from awsprov.engine.stack import Stack
from awsprov.engine.state import State
from awsprov.engine.state_file import SCHEMA, StackKey, StateDocument
from awsprov.packaging.locked_package import LockedPackage
from awsprov.packaging.lockfile import Lock

T = TypeVar("T")
SETTLED = 0.3  # seconds until all that was created is listed
HOME = StackKey("demo", "123456789012", "us-east-1")


def writable(path: Path, home: StackKey = HOME) -> State:
    """Return a state that can be written, without a lock on disk, which a crashed process of a test would keep."""
    return State(path, home, StackLock())


def write_state(path: Path, records: dict[str, Record], home: StackKey = HOME, like: str = "") -> None:
    """Write a state file with these records."""
    document = StateDocument(SCHEMA, **asdict(home), generation=1, resources=records, like=like)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(document)))


class Crash(BaseException):
    """The process crashes here: no `except Exception` catches it, and nothing that it does afterwards has an effect."""


def refused(code: str) -> ClientError:
    """Return the error of a call that AWS refused."""
    return ClientError({"Error": {"Code": code, "Message": f"it says {code}"}}, "CreateThing")


@dataclass
class CloudResource:
    """A resource in the cloud."""

    kind: str
    name: str
    stack: str
    values: dict[str, Any]
    token: str
    seen_from: float


@dataclass
class Cloud:
    """The cloud: all resources by ID.

    Attributes:
        late: seconds until a new resource is listed.
        crashes_at: the step at which the process crashes; there is a step before and after each change.
        fails: errors by verb and name, as in `create machine`.
        log: all changes, in order.
    """

    late: float = 0.0
    crashes_at: int = -1
    fails: dict[str, Exception] = field(default_factory=dict)
    resources: dict[str, CloudResource] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    crashed: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def step(self) -> None:
        """Count a step; crash at the chosen one, and refuse everything afterwards."""
        with self.lock:
            if self.steps == self.crashes_at:
                self.crashed = True
            if self.crashed:
                raise Crash
            self.steps += 1

    def restart(self) -> None:
        """Start a new process."""
        self.crashed, self.crashes_at = False, -1

    def change(self, verb: str, name: str) -> None:
        """Before a change: crash, fail, or count it."""
        with self.lock:
            self.step()
            if error := self.fails.get(f"{verb} {name}"):
                raise error
            self.calls[verb] += 1
            self.log.append(f"{verb} {name}")

    def create(self, kind: str, name: str, stack: str, values: dict[str, Any], token: str = "") -> str:
        """Create a resource and return its id; return the existing one for a known token."""
        with self.lock:
            for id_, resource in self.resources.items():
                if token and resource.token == token:
                    if resource.values != values:
                        raise refused("IdempotentParameterMismatch")
                    return id_
            id_ = f"{kind.lower()}-{len(self.log)}-{len(self.resources)}"
            self.resources[id_] = CloudResource(kind, name, stack, dict(values), token, time.monotonic() + self.late)
            self.step()  # created, and the response lost
            return id_

    def listed(self, kind: str) -> dict[str, CloudResource]:
        """Return what listings show."""
        with self.lock:
            if self.crashed:
                raise Crash
            self.calls["list"] += 1
            now = time.monotonic()
            return {id_: t for id_, t in self.resources.items() if t.kind == kind and t.seen_from <= now}

    def tags(self, id_: str) -> dict[str, str] | None:
        """Return the tags of a resource, which are never late; None if it does not exist."""
        with self.lock:
            if self.crashed:
                raise Crash
            self.calls["get"] += 1
            resource = self.resources.get(id_)
            return {"awsprov:stack": resource.stack, "awsprov:name": resource.name} if resource else None

    def delete(self, id_: str) -> None:
        """Delete a resource."""
        with self.lock:
            self.resources.pop(id_, None)
            self.step()

    def mutations(self) -> int:
        """Return the number of changes."""
        return sum(count for verb, count in self.calls.items() if verb not in ("list", "get"))

    def names(self, stack: str = "demo") -> list[str]:
        """Return the names of all resources of a stack, with duplicates."""
        return sorted(resource.name for resource in self.resources.values() if resource.stack == stack)


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
class FakeResource(Resource):
    """A resource with tags, listed by kind."""

    area = "network"
    tokens: ClassVar[bool] = True  # whether the cloud honours its tokens

    @classmethod
    def owned(cls, aws: Aws) -> Owned:
        owned: Owned = defaultdict(list)
        for id_, resource in aws.cached(cls.__name__, lambda: cloud_of(aws).listed(cls.__name__)).items():
            if resource.stack == aws.stack:
                owned[resource.name].append(id_)
        return dict(owned)

    def fetch_tags(self, aws: Aws) -> Tags | None:
        return cloud_of(aws).tags(self.id)

    def create(self, aws: Aws) -> str:
        cloud = cloud_of(aws)
        cloud.change("create", self.name)
        return cloud.create(self.type, self.name, aws.stack, self.inputs, self.token if self.tokens else "")

    def read(self, aws: Aws) -> Values:
        return dict(cloud_of(aws).resources[self.id].values)

    def configure(self, aws: Aws, changes: Differences) -> None:
        cloud_of(aws).change("change", self.name)
        values = cloud_of(aws).resources[self.id].values
        for name, (has, wants) in changes.items():
            assert values[name] == has
            values[name] = wants

    def delete(self, aws: Aws) -> None:
        cloud_of(aws).change("delete", self.name)
        cloud_of(aws).delete(self.id)


@dataclass(eq=False, repr=False)
class Net(FakeResource):
    """A repeated call creates another one: found by its tags only."""

    cidr: str = "10.0.0.0/16"

    immutable = frozenset({"cidr"})
    idempotent_create = False
    tokens = False


@dataclass(eq=False, repr=False)
class Disk(FakeResource):
    """Holds data; created with a token."""

    encrypted: bool = True

    immutable = frozenset({"encrypted"})
    stateful = True


@dataclass(eq=False, repr=False)
class Role(FakeResource):
    """A natural key: its name is unique among all stacks."""

    policy: str = "read"

    already_exists_codes = ("EntityAlreadyExists",)
    tokens = False

    def create(self, aws: Aws) -> str:
        cloud = cloud_of(aws)
        if any((resource.kind, resource.name) == ("Role", self.name) for resource in cloud.resources.values()):
            raise refused("EntityAlreadyExists")
        return super().create(aws)


@dataclass(eq=False, repr=False)
class Machine(FakeResource):
    """Created with a token, in a net."""

    net: Net
    disk: Disk
    role: Role
    size: str = "small"
    colour: str = "red"

    immutable = frozenset({"net", "size"})


@dataclass(eq=False, repr=False)
class Link(FakeResource):
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
        link = cloud_of(aws).resources.get(self.id)
        return link.values["net"] if link else ""

    def create(self, aws: Aws) -> str:
        if any(t.kind == "Link" and t.values["net"] == self.net.id for t in cloud_of(aws).resources.values()):
            raise refused("LinkConflict")
        return super().create(aws)


@dataclass(eq=False, repr=False)
class Code(FakeResource):
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
