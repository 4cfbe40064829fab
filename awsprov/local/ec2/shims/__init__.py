"""Commands of an instance that would need root: `sudo`, `dnf`, `mount` and others.

They are first on the instance's PATH. Those that need the cloud's records call it (`ask.py`); the others are scripts.
"""

import shlex
import sys
from pathlib import Path

from awsprov.files import make_private_directory

_HERE = Path(__file__).parent
_SCRIPTS = ("sudo", "chown", "setpriv", "systemctl", "timeout", "unshare")
_CALLING = ("dnf", "yum", "mount", "umount", "mountpoint", "mount.efs", "shutdown")


def install(directory: Path, url: str, token: Path) -> None:
    """Write an instance's commands.

    Arguments:
        directory: where.
        url: of the instance in the cloud's own API.
        token: the file with the instance's token.
    """
    make_private_directory(directory)
    for name in _SCRIPTS:
        _write(directory / name, (_HERE / f"{name}.sh").read_text())
    for name in _CALLING:
        calling = [sys.executable, "-I", "-S", str(_HERE / "ask.py"), url, str(token), name]
        _write(directory / name, f'#!/bin/sh\nexec {shlex.join(calling)} "$@"\n')


def install_python(directory: Path, version: str, interpreter: Path) -> None:
    """Write the commands `python3.X` and `pip3.X`, which run this interpreter."""
    python = shlex.quote(str(interpreter))
    _write(directory / f"python{version}", f'#!/bin/sh\nexec {python} "$@"\n')
    _write(directory / f"pip{version}", f'#!/bin/sh\nexec {python} -m pip "$@"\n')


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o700)
