"""The install log: what the builder prints while it installs libraries, for `awsprov logs --builder`."""

import json
from pathlib import Path
from threading import Lock

from awsprov.engine.events import Event
from awsprov.files import open_private
from awsprov.packaging.install_progress import INSTALLING


class InstallLog:
    """A listener that writes the output of an installation to a file: JSON documents a line, in CloudWatch's form.

    Arguments:
        path: the file; each installation overwrites it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if event.resource in INSTALLING and event.step in ("creating", "waiting", "output", "ready", "failed"):
            self._write(event)

    def _write(self, event: Event) -> None:
        begins = (event.resource, event.step) == (INSTALLING[0], "creating")
        if not (begins or self.path.exists()):
            return  # nothing is installed: the environment exists
        message = event.detail if event.step in ("waiting", "output") else f"{event.step} {event.detail}".strip()
        with self._lock, open_private(self.path, "w" if begins else "a") as file:
            file.write(json.dumps({"timestamp": int(event.at * 1000), "message": message}) + "\n")
