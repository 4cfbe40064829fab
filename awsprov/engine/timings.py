"""How long things take, learnt from what they took on this machine: a file in the user's cache directory.

Every figure is an expectation, and nothing rests on it: a file that is missing, spoilt or read-only is no error.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from awsprov.engine.events import Emit, Event
from awsprov.engine.resource import Resource
from awsprov.files import write_atomically
from awsprov.paths import cache_directory

Deed = Literal["create", "change", "delete"]
SCHEMA = 1
KEPT = 9  # of the durations of one deed, the latest; their median is what is usual
_LONGEST = 3600.0  # seconds; more was a machine asleep
_CHANGE = 3.0  # seconds that a change in place usually takes on AWS
_BEGINS: dict[str, Deed] = {"creating": "create", "changing": "change", "deleting": "delete"}
_ENDS = {"ready": ("create", "change"), "deleted": ("delete",)}


class Durations:
    """What is usual at one place.

    Arguments:
        place: `aws` or `local`: what takes minutes there takes moments here.
        path: the file; by default one in the user's cache directory.
    """

    def __init__(self, place: str, path: Path | None = None) -> None:
        self.place, self.path = place, path or cache_directory() / "durations.json"
        self.seconds = _read(self.path)

    def usual(self, resource: Resource, deed: Deed) -> float | None:
        """Seconds that it usually takes; before anything was learnt, what AWS is known for; None when nobody knows."""
        known = self.seconds.get(self._key(resource.type, deed))
        if known:
            return sorted(known)[len(known) // 2]  # the median, or what is just above it
        if deed == "delete":
            return None
        if self.place == "aws" or resource.area == "libraries":  # which are really installed, wherever
            return resource.typical_seconds if deed == "create" else _CHANGE
        return min(resource.typical_seconds, 1.0)

    def learn(self, kind: str, deed: Deed, seconds: float) -> None:
        """Take in what one took."""
        if 0 <= seconds < _LONGEST:
            key = self._key(kind, deed)
            self.seconds[key] = [*self.seconds.get(key, []), round(seconds, 2)][-KEPT:]

    def save(self) -> None:
        """Write down what was learnt, if the machine lets us."""
        document = {"schema": SCHEMA, "seconds": self.seconds}
        with suppress(OSError):
            write_atomically(self.path, json.dumps(document, indent=1, sort_keys=True).encode())

    def _key(self, kind: str, deed: Deed) -> str:
        return f"{self.place} {kind} {deed}"


class Learner:
    """Passes events on, and learns from them how long each resource took.

    Arguments:
        emit: hears of every event.
        kinds: the type of each resource, by name.
    """

    def __init__(self, emit: Emit, durations: Durations, kinds: Mapping[str, str]) -> None:
        self.emit, self.durations, self.kinds = emit, durations, kinds
        self._begun: dict[str, tuple[Deed, float]] = {}  # a resource's events come one after the other

    def __call__(self, event: Event) -> None:
        if event.step in _BEGINS:
            self._begun[event.resource] = _BEGINS[event.step], event.at
        elif event.step in (*_ENDS, "failed"):
            deed, began = self._begun.pop(event.resource, ("", 0.0))
            if deed in _ENDS.get(event.step, ()) and event.resource in self.kinds:
                self.durations.learn(self.kinds[event.resource], deed, event.at - began)  # type: ignore[arg-type]
        self.emit(event)


def _read(path: Path) -> dict[str, list[float]]:
    """What was learnt, as far as it makes sense."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        document = json.loads(path.read_bytes())
        if document["schema"] == SCHEMA:
            return {str(key): numbers for key, listed in document["seconds"].items() if (numbers := _numbers(listed))}
    return {}


def _numbers(listed: Any) -> list[float]:
    if not isinstance(listed, list):
        return []
    return [float(each) for each in listed if type(each) in (int, float) and 0 <= each < _LONGEST][-KEPT:]
