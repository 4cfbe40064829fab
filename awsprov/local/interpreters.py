"""Which Python interpreter runs a Lambda runtime, or an instance's `python3.12`, on this machine.

The choice is recorded in the cloud's directory and does not change: packages that an instance installs under one
interpreter must still import in a function weeks later, when another Python has appeared on the PATH.
"""

import json
import logging
import os
import platform
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from awsprov.documents import read_document
from awsprov.files import write_atomically
from awsprov.local import uv

_NAME = "interpreters.json"
_MAX_SIZE = 64 * 1024  # bytes
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter of this machine.

    Arguments:
        path: its executable; never one inside a virtual environment.
        version: its full version, `3.12.1`.
        exact: whether it has the minor version that was asked for; otherwise it stands in for one.
    """

    path: Path
    version: str
    exact: bool


def recorded(directory: Path) -> dict[str, Interpreter]:
    """Return the interpreters that are recorded in a directory, by version; none if the file is not valid."""
    try:
        return read_document(directory / _NAME, dict[str, Interpreter], _MAX_SIZE)
    except (OSError, ValueError):
        return {}


class _Choices:
    """The interpreters chosen so far: in memory and, once a cloud has named its file, on disk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.file: Path | None = None
        self.chosen: dict[str, Interpreter] = {}

    def read(self, file: Path) -> None:
        self.file = file
        found = recorded(file.parent)
        # One that was uninstalled is searched for again.
        self.chosen = {version: each for version, each in found.items() if os.access(each.path, os.X_OK)}

    def write(self) -> None:
        if self.file is not None:
            document = {version: asdict(choice) for version, choice in self.chosen.items()}
            write_atomically(self.file, f"{json.dumps(document, indent=2, default=str)}\n".encode())


_choices = _Choices()


def record(directory: Path) -> None:
    """Record choices in this directory from now on, and use those that are recorded there."""
    with _choices.lock:
        _choices.read(directory / _NAME)


def find(version: str) -> Interpreter:
    """Return the interpreter for a Python version such as "3.12".

    It is one that is installed, else one that uv downloads (about 30 MB, once; `UV_PYTHON_DOWNLOADS=never` forbids
    it), else the interpreter that runs the cloud stands in.
    """
    with _choices.lock:
        if version not in _choices.chosen and _choices.file:
            _choices.read(_choices.file)  # another process may have chosen in the meantime
        if version not in _choices.chosen:
            _choices.chosen[version] = _installed(version) or _downloaded(version) or _own(version)
            _choices.write()
        return _choices.chosen[version]


def _installed(version: str) -> Interpreter | None:
    search = ["python", "find", version, "--system", "--no-project", "--no-python-downloads"]
    try:
        path = uv.run(*search, PATH=_search_path(version))
        return Interpreter(Path(path), uv.run(*search, "--show-version", PATH=_search_path(version)), exact=True)
    except uv.UvError as error:
        _log.info("Python %s: %s", version, error)
        return None


def _downloaded(version: str) -> Interpreter | None:
    try:
        uv.run("python", "install", version, "--no-bin", UV_HTTP_RETRIES="1")
    except uv.UvError as error:
        _log.info("Python %s: %s", version, error)
        return None
    return _installed(version)


def _own(version: str) -> Interpreter:
    full_version = platform.python_version()
    return Interpreter(_base_executable(), full_version, exact=full_version.startswith(f"{version}."))


def _base_executable() -> Path:
    """Return the interpreter that runs the cloud, below its virtual environment."""
    return Path(getattr(sys, "_base_executable", sys.executable))


def _search_path(version: str) -> str:
    """Return the PATH that uv searches: also the cloud's own interpreter, and those of pyenv.

    pyenv's shims are left out: those of versions that are not selected fail, and what the others run changes with the
    selection.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [
        place for place in os.environ.get("PATH", "").split(os.pathsep) if place and Path(place) != pyenv / "shims"
    ]
    versions = sorted(pyenv.glob(f"versions/{version}.*/bin"), reverse=True)
    return os.pathsep.join([str(_base_executable().parent), *places, *map(str, versions)])
