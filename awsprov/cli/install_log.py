"""The install log: what the builder prints while it installs libraries, for `awsprov logs --builder`."""

import json
from pathlib import Path
from threading import Lock
from typing import Literal

from awsprov.engine.events import Event
from awsprov.files import open_private
from awsprov.packaging.install_progress import INSTALLING


class InstallLog:
    """A listener that writes the output of an installation to a file: JSON documents a line, in CloudWatch's form.

    Arguments:
        path: the file; the first installation of a command overwrites it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._begun = path, False
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if event.resource in INSTALLING and event.step in ("creating", "waiting", "output", "ready", "failed"):
            self._write(event)

    def _write(self, event: Event) -> None:
        message = event.detail if event.step in ("waiting", "output") else f"{event.step} {event.detail}".strip()
        with self._lock:
            begins = event.step == "creating" and not self._begun
            self._begun = self._begun or begins
            if not self._begun:
                return  # nothing is installed: the environments exist
            self._append(event.at, message, "w" if begins else "a")

    def _append(self, at: float, message: str, mode: Literal["w", "a"]) -> None:
        with open_private(self.path, mode) as file:
            file.write(json.dumps({"timestamp": int(at * 1000), "message": message}) + "\n")
