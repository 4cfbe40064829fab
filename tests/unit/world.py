"""A cloud in memory with a directory for state, and processes that can crash at any step."""

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from awsprov import files
from awsprov.engine import discovery, journal
from awsprov.engine import state as state_module
from awsprov.engine.engine import Engine
from awsprov.engine.events import Listener, silent
from awsprov.engine.stack import Stack
from tests.unit.fakes import SETTLED, Cloud, FakeAws, small, writable


@dataclass
class World:
    """A cloud and a directory for state; each engine is a process that works on them."""

    cloud: Cloud
    path: Path
    emit: Listener = silent

    def engine(self, stack: Stack | None = None, workers: int = 1, stop: threading.Event | None = None) -> Engine:
        """Return the engine of a new process, which knows only what is on disk."""
        self.cloud.restart()
        state, aws = writable(self.path), FakeAws(self.cloud)
        aws.stop = stop or aws.stop
        return Engine(small() if stack is None else stack, state, aws, self.emit, workers)

    def crashing(self, step: int, stack: Stack | None = None) -> Engine:
        """Return the engine of a process that crashes at that step, counted from now."""
        created = self.engine(stack)
        self.cloud.steps, self.cloud.crashes_at = 0, step
        return created


def settle_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the engine wait only briefly for what AWS lists late."""
    monkeypatch.setattr(discovery, "SETTLED_AFTER", SETTLED)


def crashing_writes(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    """Let the process also crash before and after each write of its state."""
    replace = files.write_atomically

    def replacing(path: Path, content: bytes) -> None:
        cloud.step()
        replace(path, content)
        cloud.step()

    append = journal.Journal.append

    def appending(one: journal.Journal, change: bytes) -> None:
        cloud.step()
        append(one, change)
        cloud.step()

    monkeypatch.setattr(state_module, "write_atomically", replacing)
    monkeypatch.setattr(journal.Journal, "append", appending)
