"""What the engine tells: a flat record for each step of each resource, to any callable that wants to hear."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Step = Literal[
    "began",
    "looking",
    "creating",
    "waiting",
    "changing",
    "replacing",
    "ready",
    "unchanged",
    "deleting",
    "deleted",
    "output",
    "failed",
]


@dataclass(frozen=True)
class Event:
    """One step of one resource.

    Arguments:
        resource: its name in the stack.
        step: what is happening; `output` is a line that remote work printed, `began` stands in the event log only.
        detail: an id, a line, what is waited for.
        at: seconds since the epoch.
    """

    resource: str
    step: Step
    detail: str = ""
    at: float = field(default_factory=time.time)


Emit = Callable[[Event], None]


def silent(_: Event) -> None:
    """Hear nothing."""
