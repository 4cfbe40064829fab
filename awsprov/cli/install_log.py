"""The install log: what the builder prints while it installs libraries, for `awsprov logs --builder`."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal

from pydantic import Field

from awsprov.documents import parse_document
from awsprov.engine.events import Event
from awsprov.files import open_private, open_regular
from awsprov.packaging.install_progress import INSTALLING

_RECORDED = ("creating", "waiting", "output", "ready", "failed", "stopped")  # steps
_LONGEST_LINE = 1024 * 1024  # bytes


@dataclass(frozen=True)
class _LogEvent:
    """A line of the file."""

    timestamp: Annotated[int, Field(ge=0, lt=2**47)]  # milliseconds since the epoch, until the year 6429
    message: str


class InstallLog:
    """A listener that writes the output of an installation to a file: JSON documents a line, in CloudWatch's form.

    Arguments:
        path: the file; the first installation of a command overwrites it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._begun = path, False
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if event.resource in INSTALLING and event.step in _RECORDED:
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


def read_lines(path: Path, wait: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Yield the lines of an install log, oldest first. Other lines are left out: any program can write the file.

    Arguments:
        path: the file.
        wait: called at the end of the file; returns whether to look for lines that were appended since.

    Raises:
        OSError: the file cannot be read, or is not a regular file.
    """
    rest = b""
    with open_regular(path) as file:
        while True:
            while piece := file.readline(_LONGEST_LINE):
                rest += piece
                if rest.endswith(b"\n") or len(rest) >= _LONGEST_LINE:
                    yield from _parsed(rest)
                    rest = b""
            if not wait():
                return


def _parsed(line: bytes) -> Iterator[dict[str, Any]]:
    with suppress(ValueError):
        yield asdict(parse_document(line, _LogEvent))
