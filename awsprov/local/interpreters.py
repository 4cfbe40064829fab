"""Which Python on this machine plays the Lambda runtime, or the machine's `python3.12`, of a given version.

The answer is written down in the cloud's directory and kept: wheels that a machine installs under one interpreter must
still import in a function weeks later, when another Python has appeared on the PATH.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Printed by the interpreter itself: a name on the PATH proves nothing (pyenv's shims are there and fail), a venv's
# interpreter stands for the one below it, and Debian's comes without `ensurepip`, which a venv needs.
_PROBE = (
    "import ensurepip, platform, sys, venv; "
    "print(getattr(sys, '_base_executable', sys.executable)); print(platform.python_version())"
)


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that runs and can make a virtual environment.

    Arguments:
        path: its executable; never one inside a virtual environment.
        version: its full version, `3.12.1`.
        exact: whether it is of the version that was asked for.
    """

    path: Path
    version: str
    exact: bool


class _Choices:
    """The choices made so far, in memory and, once a cloud has named its file, on disk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.file: Path | None = None
        self.made: dict[str, Interpreter] = {}

    def read(self, file: Path) -> None:
        self.file, self.made = file, {}
        try:
            recorded = json.loads(file.read_text())
        except (FileNotFoundError, ValueError):
            return
        for version, choice in recorded.items():
            interpreter = Interpreter(Path(choice["path"]), choice["version"], choice["exact"])
            if os.access(interpreter.path, os.X_OK):  # one that was uninstalled since is looked for anew
                self.made[version] = interpreter

    def write(self) -> None:
        if self.file is None:
            return
        document = {v: {"path": str(c.path), "version": c.version, "exact": c.exact} for v, c in self.made.items()}
        draft = self.file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(document, indent=2) + "\n")
        draft.replace(self.file)


_choices = _Choices()


def record(directory: Path) -> None:
    """Keep the choices in this directory from now on, beginning with those that it has."""
    with _choices.lock:
        _choices.read(directory / "interpreters.json")


def find(version: str) -> Interpreter:
    """The interpreter that plays Python `version` ("3.12"): one of that version, else the one that runs the cloud."""
    with _choices.lock:
        if version not in _choices.made and _choices.file:
            _choices.read(_choices.file)  # another process may have chosen meanwhile
        if version not in _choices.made:
            _choices.made[version] = _search(version)
            _choices.write()
        return _choices.made[version]


def _search(version: str) -> Interpreter:
    seen: set[Path] = set()
    for candidate in _candidates(version):
        if candidate in seen or not os.access(candidate, os.X_OK):
            continue
        seen.add(candidate)
        found = _probe(candidate)
        if found and found[1].startswith(f"{version}."):
            return Interpreter(found[0], found[1], exact=True)
    path, full = _probe(Path(sys.executable)) or (Path(sys.executable), sys.version.split()[0])
    return Interpreter(path, full, exact=full.startswith(f"{version}."))


def _candidates(version: str) -> Iterator[Path]:
    """Where interpreters of this version are usually found, the likeliest first."""
    name, home = f"python{version}", Path.home()
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".") if part.isdigit()):
        yield Path(sys.executable)
    for place in os.environ.get("PATH", "").split(os.pathsep):
        if place:
            yield Path(place, name)
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv"), "versions")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    for pattern, below in ((f"{version}*/bin/{name}", pyenv), (f"*-{version}*/bin/{name}", uv)):
        yield from sorted(below.glob(pattern), reverse=True)
    for place in (
        f"/opt/homebrew/opt/python@{version}/bin",
        f"/usr/local/opt/python@{version}/bin",
        "/opt/homebrew/bin",
        "/home/linuxbrew/.linuxbrew/bin",
        f"/Library/Frameworks/Python.framework/Versions/{version}/bin",
        str(home / ".local/bin"),
        "/usr/local/bin",
        "/usr/bin",
    ):
        yield Path(place, name)


def _probe(candidate: Path) -> tuple[Path, str] | None:
    """The base executable and full version that the candidate reports, or nothing when it does not run."""
    command = [str(candidate), "-I", "-c", _PROBE]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        path, version = result.stdout.split("\n")[:2]
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Path(path), version
