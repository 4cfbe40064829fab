"""Keeps what the builder prints while it installs libraries, for `awsprov logs --builder`."""

import json
from pathlib import Path
from threading import Lock

from awsprov.engine.events import Emit, Event


class Keeper:
    """Passes events on, and writes those of an installation into a file: a JSON document a line, as CloudWatch's.

    Arguments:
        emit: hears of every event.
        path: the file; each installation begins it anew.
    """

    def __init__(self, emit: Emit, path: Path) -> None:
        self.emit, self.path = emit, path
        self._writing = Lock()

    def __call__(self, event: Event) -> None:
        if event.resource == "libraries" and event.step in ("creating", "waiting", "output", "ready", "failed"):
            self._keep(event)
        self.emit(event)

    def _keep(self, event: Event) -> None:
        begins = event.step == "creating"
        if not (begins or self.path.exists()):
            return  # nothing is being installed: an environment that is there is only looked at
        message = event.detail if event.step in ("waiting", "output") else f"{event.step} {event.detail}".strip()
        with self._writing, self.path.open("w" if begins else "a") as file:
            file.write(json.dumps({"timestamp": int(event.at * 1000), "message": message}) + "\n")
