"""A stack on moto, in a configuration that the sweeps on the local cloud leave out.

A kill ends the command in this process: nothing that it does afterwards reaches moto or its state. What is the same in
every configuration (roles, functions, APIs) is not interrupted here.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from awsprov.aws.client import Aws
from awsprov.aws.transient_errors import READ_PREFIXES
from awsprov.engine.engine import Engine
from awsprov.errors import AwsprovError
from tests.sweep.points import Point
from tests.unit.fakes import Crash
from tests.unit.moto_cloud import Moto, on_moto
from tests.unit.resources.test_existing_file_system import snapshot, their_file_system
from tests.unit.resources.test_existing_network import everything_of, network, their_network, without_counts

NATS = {"nat-instance": "instance, endpoints: [s3, dynamodb]"}
_ALIKE = ("identity", "libraries", "serving")  # areas


@dataclass
class Interruptions:
    """Kills and faults at calls of one `Aws`, whose calls it counts from `arm` on.

    Attributes:
        state: the state file, which a kill leaves as it is at that moment.
        calls: how often each operation was called.
        hit: the points that were reached.
    """

    state: Path
    calls: Counter[str] = field(default_factory=Counter)
    hit: set[Point] = field(default_factory=set)
    _points: dict[tuple[str, int], Point] = field(default_factory=dict)
    _alike: set[str] = field(default_factory=set)
    _left: bytes | None = None
    _killed: bool = False

    def register(self, aws: Aws) -> None:
        """Register the hooks, before the first client is created."""
        events: Any = aws.session.events
        events.register_first("before-send", self._before)
        events.register_first("before-parse", self._truncate)
        events.register("after-call", self._after)  # called after those of `Moto`, which name an operation

    def arm(self, points: Sequence[Point], engine: Engine) -> None:
        """Set the points of a command."""
        self._points = {(each.operation, each.occurrence): each for each in points}
        self._alike = {r.name for r in engine.stack if r.area in _ALIKE}
        self.calls, self.hit, self._killed = Counter(), set(), False

    def disarm(self) -> None:
        """Remove the points. Restore the state of the moment of a kill."""
        if self._killed and self._left is not None:
            self.state.write_bytes(self._left)
        elif self._killed:
            self.state.unlink(missing_ok=True)
        self._points, self._killed = {}, False

    def _before(self, event_name: str, request: Any, **_: Any) -> None:
        if self._killed:
            raise Crash
        name = ":".join(event_name.split(".")[1:])
        if name.partition(":")[2].startswith(READ_PREFIXES) or threading.current_thread().name in self._alike:
            return
        self.calls[name] += 1
        kind = self._kind(name)
        if kind == "kill-before":
            self._kill(name)
        if kind == "cut-before":
            self._hit(name)
            raise ConnectionClosedError(endpoint_url=request.url)

    def _after(self, model: Any, **_: Any) -> None:
        if self._kind(name := _name(model)) == "kill-after":
            self._kill(name)

    def _truncate(self, response_dict: dict[str, Any], operation_model: Any, **_: Any) -> None:
        name, body = _name(operation_model), response_dict["body"]
        if self._kind(name) == "truncate":
            self._hit(name)
            headers = {**response_dict["headers"], "Content-Length": str(len(body) + 1)}
            response_dict.update(headers=headers)

    def _kind(self, name: str) -> str:
        point = self._points.get((name, self.calls[name]))
        return point.kind if point and point not in self.hit else ""

    def _hit(self, name: str) -> None:
        self.hit.add(self._points[name, self.calls[name]])

    def _kill(self, name: str) -> None:
        self._hit(name)
        self._killed = True
        self._left = self.state.read_bytes() if self.state.exists() else None
        raise Crash


def _name(model: Any) -> str:
    return f"{model.service_model.service_id.hyphenize()}:{model.name}"


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
    _others: Callable[[], Any] = field(init=False)
    _before: Any = None
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
        if verb == "change":
            self._moto.nat = "single"
        if verb != "up":
            self._moto.engine().up()
        elif self.state.exists():
            self._moto.engine().down()
        self._moto.nat = NATS.get(configuration, "single")
        return (verb,)

    def _open(self, configuration: str) -> None:
        """Start with nothing but what belongs to others."""
        self.close()
        root = self.directory / str(next(self._count))
        root.mkdir()
        self._moto = self._contexts.enter_context(on_moto(root))
        patch = self._contexts.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        self._interruptions = Interruptions(self.state)
        self._interruptions.register(self._moto.aws())
        self._configuration, theirs = configuration, their_network()
        if configuration != "nat-instance":
            self._moto.network, self._moto.builder = network(theirs.private, theirs.group), f", subnet: {theirs.public}"
        system = their_file_system(theirs)[0]
        if configuration == "existing-file-system":
            self._moto.more = f"\nfile_system: {system}\n"
        self._others = lambda: (without_counts(everything_of(theirs.vpc)), snapshot(system))
        self._before = self._others()

    @contextmanager
    def answering(self, _: str) -> Iterator[None]:
        """Call nothing meanwhile: moto runs no functions."""
        yield

    def killed(self, words: Sequence[str], point: Point) -> bool:
        """Run a command that is killed at a point. Return whether it reached the point."""
        with suppress(Crash):
            self._run(words[0], [point])
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
        engine = self._moto.engine()
        self._interruptions.arm(points, engine)
        try:
            if verb == "down":
                result = engine.down()
                assert points or (result.failures, result.remaining) == ([], ())
            else:
                engine.up()
        finally:
            self._interruptions.disarm()

    def calls(self, command: str) -> dict[str, int]:
        """Return the changing calls of an undisturbed command, by operation."""
        self._run(self.ready(command)[0], [])
        return dict(self._interruptions.calls)

    def check(self, command: str) -> None:
        """Check that exactly one of each resource exists, as configured, or none; and all that belongs to others."""
        engine = self._moto.engine()
        owned = [r.name for r in engine.owned()]
        if command.startswith("down"):
            assert owned == []
            assert not self.state.exists()
            assert self._others() == self._before
        else:
            assert len(owned) == len(set(owned))
            plan = engine.plan()
            assert plan.empty, [
                (change.resource.name, change.differences) for change in plan.changes if change.action != "keep"
            ]
        self.passed = True
