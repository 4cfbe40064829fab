"""The commands of a machine that its account may not really run here: `sudo`, `dnf`, `mount`, and the like.

They come first on a machine's PATH. Those that need the cloud's records ask it (`ask.py`); the others are scripts.
"""

import shlex
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_SCRIPTS = ("sudo", "chown", "systemctl")
_ASKING = ("dnf", "yum", "mount", "umount", "mountpoint", "mount.efs")


def install(directory: Path, url: str, token: Path) -> None:
    """Write a machine's commands into a directory. They call `url`, with what is in the file `token`."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _SCRIPTS:
        _write(directory / name, (_HERE / f"{name}.sh").read_text())
    for name in _ASKING:
        asking = [sys.executable, "-I", "-S", str(_HERE / "ask.py"), url, str(token), name]
        _write(directory / name, f'#!/bin/sh\nexec {shlex.join(asking)} "$@"\n')


def install_python(directory: Path, version: str, interpreter: Path) -> None:
    """Write `python3.X` and `pip3.X`, which run an interpreter."""
    python = shlex.quote(str(interpreter))
    _write(directory / f"python{version}", f'#!/bin/sh\nexec {python} "$@"\n')
    _write(directory / f"pip{version}", f'#!/bin/sh\nexec {python} -m pip "$@"\n')


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o700)
