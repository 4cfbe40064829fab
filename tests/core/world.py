"""A cloud in memory with a directory for state; and processes on it that may die at any step."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from awsprov.engine import change_log
from awsprov.engine import discovery as survey_module
from awsprov.engine import state as state_module
from awsprov.engine.engine import Engine
from awsprov.engine.events import Emit, silent
from awsprov.engine.resource import Resource
from awsprov.engine.state import State
from awsprov.stack import declaration as stack_module
from awsprov.stack.declaration import Stack
from tests.core.fakes import HOME, KINDS, SETTLED, Cloud, FakeAws, small


@dataclass
class World:
    """A cloud and a directory for state; an engine is a process that works on them."""

    cloud: Cloud
    path: Path
    emit: Emit = silent

    def engine(self, stack: Stack | None = None, workers: int = 1, stop: threading.Event | None = None) -> Engine:
        """A new process: nothing is remembered but what is on disk."""
        self.cloud.revive()
        state, aws = State(self.path, HOME), FakeAws(self.cloud)
        aws.stop = stop or aws.stop
        return Engine(stack or small(), state, aws, self.emit, workers)

    def dying(self, step: int, stack: Stack | None = None) -> Engine:
        """The same, with a process that dies at that step, counted from now."""
        made = self.engine(stack)
        self.cloud.steps, self.cloud.dies_at = 0, step
        return made


def known_kinds(monkeypatch: pytest.MonkeyPatch, kinds: tuple[type[Resource], ...] = KINDS) -> None:
    """Have the engine know these kinds, and wait briefly for what is listed late."""
    monkeypatch.setattr(survey_module, "KINDS", kinds)
    monkeypatch.setattr(stack_module, "KINDS", kinds)
    monkeypatch.setattr(survey_module, "SETTLED_AFTER", SETTLED)


def mortal_writes(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    """Have the process die before and after each write of its state, too."""
    replace = change_log.replace

    def replacing(path: Path, content: bytes) -> None:
        cloud.step()
        replace(path, content)
        cloud.step()

    append = change_log.Journal.append

    def appending(one: change_log.Journal, change: dict[str, Any]) -> None:
        cloud.step()
        append(one, change)
        cloud.step()

    monkeypatch.setattr(state_module, "replace", replacing)
    monkeypatch.setattr(change_log.Journal, "append", appending)
