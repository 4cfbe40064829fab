"""Events: a flat record for each step of each resource, passed to any number of listeners."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from awsprov.engine.record import Time

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
    "left",
    "output",
    "failed",
    "stopped",
]
ENDED: frozenset[Step] = frozenset({"ready", "unchanged", "deleted", "left", "failed", "stopped"})  # nothing follows


@dataclass(frozen=True)
class Event:
    """One step of one resource.

    Arguments:
        resource: its name in the stack.
        step: what happens; `output` is a line that remote work printed, `left` means that it was not deleted as it
            is not the stack's, `stopped` that it was not waited for any longer, `began` occurs in the event log only.
        detail: an id, a line of output, what is waited for, or an error.
        at: seconds since the epoch.
    """

    resource: str
    step: Step
    detail: str = ""
    at: Time = field(default_factory=time.time)


Listener = Callable[[Event], None]


def silent(_: Event) -> None:
    """Ignore an event: the default listener."""


def emit_to(*listeners: Listener) -> Listener:
    """Return a function that passes each event to all listeners, in their order."""

    def emit(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return emit
