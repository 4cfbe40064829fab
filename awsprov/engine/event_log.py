"""The event log: what runs of awsprov changed in a stack, in a file beside its state."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Literal

from awsprov.documents import parse_document
from awsprov.engine.events import ENDED, Event
from awsprov.files import open_private, read_limited, write_atomically

BEGAN: Literal["began"] = "began"  # the step of a run's first line; its detail is the command
_MAXIMUM = 512 * 1024  # bytes; the older half of a larger file is dropped when a run begins
_NOT_LOGGED = ("looking", "unchanged", "output")


class EventLog:
    """A listener that appends each change to a file, as a JSON document a line.

    Arguments:
        path: the file; it is not created before the first change.
        command: the command of this run, for the first line.
    """

    def __init__(self, path: Path, command: str) -> None:
        self.path = path
        self._header: Event | None = Event("", BEGAN, command)
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if event.step not in _NOT_LOGGED:
            with self._lock:
                self._write(event)

    def _write(self, event: Event) -> None:
        events = [event]
        if self._header:
            _truncate(self.path)
            events, self._header = [self._header, event], None
        with open_private(self.path, "a") as file:
            file.writelines(json.dumps(vars(each)) + "\n" for each in events)


def latest(path: Path, count: int) -> list[Event]:
    """Return the last events, oldest first; none when there is no file. A line that is none is left out."""
    try:
        lines = read_limited(path, 2 * _MAXIMUM).splitlines()
    except OSError:
        return []
    return list(_parsed(lines[-count:]))


def under_way(events: list[Event], within: float = 3600.0) -> dict[str, str]:
    """Return the steps that the last run has begun and not ended, by resource.

    Arguments:
        events: events, oldest first.
        within: seconds after which a step counts as ended: its run was killed.
    """
    steps: dict[str, str] = {}
    for event in events:
        if event.step == BEGAN:
            steps.clear()
        elif time.time() - event.at < within:
            steps[event.resource] = event.step
    return {name: step for name, step in steps.items() if step not in ENDED}


def _parsed(lines: list[bytes]) -> Iterator[Event]:
    for line in lines:
        with suppress(ValueError):
            yield parse_document(line, Event)


def _truncate(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_size > _MAXIMUM:
            newest = path.read_bytes()[-_MAXIMUM // 2 :]
            write_atomically(path, newest[newest.find(b"\n") + 1 :])
