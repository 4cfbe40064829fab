"""Kills, faults and losses at calls of one `Aws`, in this process."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ConnectionClosedError

from awsprov.aws.client import Aws
from awsprov.aws.transient_errors import READ_PREFIXES
from tests.sweep.points import Point
from tests.unit.fakes import Crash


@dataclass
class Interruptions:
    """Kills, faults and losses at calls of one `Aws`, whose calls it counts from `arm` on.

    Arguments:
        directory: that of the state, which a kill leaves as it is at that moment.
        losses: what is lost, by the kind of a point: a function that takes it away. Afterwards the command may change
            nothing more.

    Attributes:
        calls: how often each operation was called.
        hit: the points that were reached.
        late: the changing calls after a loss.
        alike: the names of resources whose calls are neither interrupted nor counted.
    """

    directory: Path
    losses: Mapping[str, Callable[[], None]]
    calls: Counter[str] = field(default_factory=Counter)
    hit: set[Point] = field(default_factory=set)
    late: list[str] = field(default_factory=list)
    alike: set[str] = field(default_factory=set)
    _points: dict[tuple[str, int], Point] = field(default_factory=dict)
    _left: dict[Path, bytes] = field(default_factory=dict)
    _killed: bool = False
    _lost: bool = False

    def register(self, aws: Aws) -> None:
        """Register the hooks, before the first client is created."""
        events: Any = aws.session.events
        events.register_first("before-send", self._before)
        events.register_first("before-parse", self._truncate)
        events.register("after-call", self._after)  # called after those of `Moto`, which name an operation

    def arm(self, points: Sequence[Point]) -> None:
        """Set the points of a command."""
        self._points = {(each.operation, each.occurrence): each for each in points}
        self.calls, self.hit, self.late, self._killed, self._lost = Counter(), set(), [], False, False

    def disarm(self) -> None:
        """Remove the points. Restore the files of the moment of a kill."""
        if self._killed:
            for path in self._files():
                path.unlink()
            for path, content in self._left.items():
                path.write_bytes(content)
        self._points, self._killed, self._lost = {}, False, False

    def _files(self) -> list[Path]:
        return list(self.directory.glob("state*"))

    def _before(self, event_name: str, request: Any, **_: Any) -> None:
        if self._killed:
            raise _crash()
        name = ":".join(event_name.split(".")[1:])
        if name.partition(":")[2].startswith(READ_PREFIXES) or threading.current_thread().name in self.alike:
            return
        self.calls[name] += 1
        if self._lost and not name.startswith("s3:"):
            self.late.append(name)
        kind = self._kind(name)
        if kind == "kill-before":
            self._kill(name)
        if kind == "cut-before":
            self._hit(name)
            raise ConnectionClosedError(endpoint_url=request.url)
        if kind in self.losses:
            self._hit(name)
            self._lost = True
            self.losses[kind]()

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
        self._left = {}
        for path in self._files():
            with suppress(FileNotFoundError):  # a temporary file that another thread renames
                self._left[path] = path.read_bytes()
        raise _crash()


def _crash() -> BaseException:
    """Return what ends a thread: the heartbeat's goes on after any error, until its command ends."""
    return RuntimeError("killed") if threading.current_thread().name == "heartbeat" else Crash()


def _name(model: Any) -> str:
    return f"{model.service_model.service_id.hyphenize()}:{model.name}"
