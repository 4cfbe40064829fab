"""A stack on moto, in a configuration that the sweeps on the local cloud leave out.

A kill ends the command in this process: nothing that it does afterwards reaches moto or its state. State and lock of
the configuration `company` are shared.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from awsprov.aws.object_store import ObjectStore
from awsprov.aws.s3_location import S3Location
from awsprov.engine.engine import Engine
from awsprov.engine.heartbeat import Heartbeat
from awsprov.engine.lease import LeaseTimes, boot_clock
from awsprov.engine.sharing import SharedState
from awsprov.errors import AwsprovError, LockedError
from tests.sweep.configurations import BUCKET, SHARED, Settings, iam_of_others, settings_of
from tests.sweep.interruptions import Interruptions
from tests.sweep.points import Point
from tests.unit.fakes import Crash
from tests.unit.moto_cloud import Moto, on_moto
from tests.unit.resources.test_existing_file_system import snapshot, their_file_system
from tests.unit.resources.test_existing_network import everything_of, their_network, without_counts

_NETWORK, _FUNCTIONS = ("network", "storage", "compute"), ("libraries", "serving")  # areas
_COPIES = 4  # writes of an object in S3: how many there are depends on the time that others take
_AFTER_ITS_END = 600.0  # seconds after which a lease that is not renewed may be taken over


def _alike(verb: str, configuration: str) -> tuple[str, ...]:
    """Return the areas that are the same in other configurations: their calls are not interrupted."""
    if configuration != "company":
        return ("identity", *_FUNCTIONS)
    return () if verb == "change" else (*_NETWORK, *_FUNCTIONS)  # all tags are changed


@dataclass
class MotoLab:
    """A stack on moto that trials share, which exists or not, as the next trial needs it.

    Arguments:
        directory: where the projects are.

    Attributes:
        properties: user properties of the running test's report.
        passed: whether the last trial passed; otherwise the contents of moto are unknown.
    """

    directory: Path
    properties: list[tuple[str, object]] = field(default_factory=list)
    passed: bool = True
    _moto: Moto = field(init=False)
    _interruptions: Interruptions = field(init=False)
    _configuration: str = ""
    _settings: tuple[Settings, Settings] = field(init=False)
    _others: Callable[[], Any] = field(init=False)
    _before: Any = None
    _heartbeat: Heartbeat | None = None
    _age: float = 0.0  # of objects in S3 when a command starts, in seconds
    _count: "count[int]" = field(default_factory=count)
    _contexts: ExitStack = field(default_factory=ExitStack)

    @property
    def state(self) -> Path:
        """The state file."""
        return self._moto.root / "state.json"

    def close(self) -> None:
        """Leave moto."""
        self._contexts.close()
        self._configuration = ""

    def ready(self, command: str) -> tuple[str, ...]:
        """Bring the stack to where the command starts. Return its name, for `killed`."""
        verb, _, configuration = command.partition(" with ")
        if configuration != self._configuration:
            self._open(configuration)
        before, after = self._settings
        vars(self._moto).update(before if verb == "change" else after)
        if verb != "up":
            self._run("up", [])
        elif self.state.exists():
            self._run("down", [])
        vars(self._moto).update(after)
        return (verb,)

    def _open(self, configuration: str) -> None:
        """Start with nothing but what belongs to others."""
        self.close()
        root = self.directory / str(next(self._count))
        root.mkdir()
        self._moto = self._contexts.enter_context(on_moto(root))
        patch = self._contexts.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        losses = {"lost-lock": self._lose_lock, "lost-bucket": self._lose_bucket}
        self._interruptions = Interruptions(root, losses)
        self._interruptions.register(self._moto.aws())
        events: Any = self._moto.aws().session.events
        events.register("after-call.s3.GetObject", self._date)
        self._configuration, theirs = configuration, their_network()
        system = their_file_system(theirs)[0]
        self._settings = settings_of(configuration, theirs, system)
        self._others = lambda: (without_counts(everything_of(theirs.vpc)), snapshot(system), iam_of_others())
        self._before = self._others()

    def _date(self, parsed: dict[str, Any], **_: Any) -> None:
        """Add the time of a response, which moto does not send."""
        if "LastModified" in parsed:
            now = parsed["LastModified"] + timedelta(seconds=self._age)
            parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(now)

    # ---- the lock that is shared

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        """Return an engine, under the shared lock if the configuration has one."""
        if self._configuration != "company":
            yield self._moto.engine()
            return
        with self._shared_state(self.state).held(self._moto.aws()) as self._heartbeat:
            engine = self._moto.engine()
            self._heartbeat.follow(engine.state)
            yield engine

    def _shared_state(self, path: Path) -> SharedState:
        """Return what a machine shares whose state file is at a path."""
        store = ObjectStore(self._moto.aws(), S3Location.parse(SHARED))
        return SharedState(store, path, LeaseTimes())

    def lose_state(self) -> None:
        """Continue on another machine: with an empty state directory, after the end of the lease."""
        for path in self.state.parent.glob("state*"):
            path.unlink()
        self._age = _AFTER_ITS_END

    def _lose_lock(self) -> None:
        """Remove the lock, which another machine could not take. The holder finds out when it renews it."""
        self._age = 0.0
        other = self._shared_state(self._moto.root / "another-machine.json")
        assert self._heartbeat
        with pytest.raises(LockedError):
            other.refuse_when_held()
        other.unlock()
        self._heartbeat.lease.renew()

    def _lose_bucket(self) -> None:
        """Delete the bucket. The lease cannot be renewed, and ends."""
        bucket = boto3.resource("s3", "us-east-1").Bucket(BUCKET)
        bucket.objects.all().delete()
        bucket.delete()
        assert self._heartbeat
        self._heartbeat.lease._clock = lambda: boot_clock() + _AFTER_ITS_END

    # ---- the commands

    @contextmanager
    def answering(self, _: str) -> Iterator[None]:
        """Call nothing meanwhile: moto runs no functions."""
        yield

    def killed(self, words: Sequence[str], point: Point) -> bool:
        """Run a command that ends at a point: it is killed, or loses its lock. Return whether it reached the point."""
        with suppress(Crash, *([AwsprovError] if point.kind in self._interruptions.losses else [])):
            self._run(words[0], [point])
        assert not self._interruptions.late
        if point.kind == "lost-bucket" and self._interruptions.hit:
            boto3.client("s3", "us-east-1").create_bucket(Bucket=BUCKET)
        return bool(self._interruptions.hit)

    def run_with_faults(self, words: Sequence[str], points: Sequence[Point]) -> set[Point]:
        """Run a command with faults, and again if it failed. Return the points that were hit."""
        with suppress(AwsprovError):
            self._run(words[0], points)
        hit = self._interruptions.hit
        self.finish(points[0].command)
        return hit

    def finish(self, command: str) -> None:
        """Run the command again; it must succeed."""
        self._run(command.partition(" with ")[0], [])

    def _run(self, verb: str, points: Sequence[Point]) -> None:
        self._interruptions.arm(points)
        try:
            with self._engine() as engine:
                areas = _alike(verb, self._configuration)
                self._interruptions.alike = {r.name for r in engine.stack if r.area in areas}
                self._change(engine, verb, must_succeed=not points)
        finally:
            self._interruptions.disarm()
            self._age = 0.0

    def _change(self, engine: Engine, verb: str, *, must_succeed: bool) -> None:
        if verb == "down":
            result = engine.down()
            assert not must_succeed or (result.failures, result.remaining) == ([], ())
        else:
            engine.up()

    def calls(self, command: str) -> dict[str, int]:
        """Return the changing calls of an undisturbed command, by operation; of S3's, the first ones."""
        self._run(self.ready(command)[0], [])
        calls = self._interruptions.calls
        return {name: min(n, _COPIES) if name.startswith("s3:") else n for name, n in calls.items()}

    def check(self, command: str) -> None:
        """Check that exactly one of each resource exists, as configured, or none; and all that belongs to others."""
        engine = self._moto.engine()
        owned = [r.name for r in engine.owned()]
        if command.startswith("down"):
            assert owned == []
            assert not self.state.exists()
        else:
            assert len(owned) == len(set(owned))
            plan = engine.plan()
            assert plan.empty, [
                (change.resource.name, change.differences) for change in plan.changes if change.action != "keep"
            ]
        assert self._others() == self._before
        self.passed = True
