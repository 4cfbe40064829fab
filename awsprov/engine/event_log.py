"""The event log: what runs of awsprov did to a stack, kept beside its state file for who looks on, or later."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from awsprov.engine.events import Emit, Event

BEGAN: Literal["began"] = "began"  # the step of a run's first line; its detail is the command
_LARGEST = 512 * 1024  # bytes; of a larger file the older half is dropped when a run begins
_UNTOLD = ("looking", "unchanged", "output")


class EventLog:
    """Passes events on, and appends what they tell of changes to a file, a JSON document a line.

    Arguments:
        emit: hears of every event.
        path: the file.
        command: what runs, for the first line; nothing is written before there is something to tell.
    """

    def __init__(self, emit: Emit, path: Path, command: str) -> None:
        self.emit, self.path = emit, path
        self._head: Event | None = Event("", BEGAN, command)
        self._writing = Lock()

    def __call__(self, event: Event) -> None:
        if event.step not in _UNTOLD:
            with self._writing:
                self._keep(event)
        self.emit(event)

    def _keep(self, event: Event) -> None:
        lines = [event]
        if self._head:
            _shorten(self.path)
            lines, self._head = [self._head, event], None
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(vars(line)) + "\n" for line in lines)


def latest(path: Path, count: int) -> list[dict[str, Any]]:
    """The last events, oldest first; none when nothing ran yet. A line that was cut short is left out."""
    with suppress(FileNotFoundError):
        return list(_parsed(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]))
    return []


def under_way(told: list[dict[str, Any]], within: float = 3600.0) -> dict[str, str]:
    """By resource, the step that the last run has begun there and not ended.

    Arguments:
        told: events, oldest first.
        within: seconds after which a step that did not end is believed no more: its run was killed.
    """
    steps: dict[str, str] = {}
    for event in told:
        if event["step"] == BEGAN:
            steps.clear()
        elif time.time() - event["at"] < within:
            steps[event["resource"]] = event["step"]
    return {name: step for name, step in steps.items() if step not in ("ready", "deleted", "failed")}


def _parsed(lines: list[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with suppress(ValueError):
            yield json.loads(line)


def _shorten(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.stat().st_size > _LARGEST:
            kept = path.read_bytes()[-_LARGEST // 2 :]
            path.write_bytes(kept[kept.find(b"\n") + 1 :])
