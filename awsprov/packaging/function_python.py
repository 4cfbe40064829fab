"""The Python of a function on this machine, which judges the syntax of its code. uv finds it; nothing is downloaded."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from awsprov.packaging import source_survey, uv_process

_TIMEOUT = 60.0  # seconds to parse a source


def is_own(python: str) -> bool:
    """Return whether awsprov runs on this version of Python, as in `3.12`."""
    return python == f"{sys.version_info.major}.{sys.version_info.minor}"


def ask(python: str, *arguments: str) -> dict[str, Any] | None:
    """Return what `source_survey.main` returns in another Python; None if this machine does not have it.

    Arguments:
        python: the version, as in `3.12`.
        arguments: those of the script.
    """
    interpreter = _find(python)
    if not interpreter:
        return None
    command = [interpreter, "-I", "-S", "-B", str(source_survey.__file__), *arguments]
    try:
        ran = subprocess.run(
            command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=True
        )
        found: dict[str, Any] = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return found


@cache
def _find(python: str) -> str:
    """Return the path of an interpreter, or an empty string."""
    try:
        with uv_process.scratch_directory() as scratch:
            words = ["python", "find", "--no-project", "--offline", python]
            ran = uv_process.run(scratch, words, {"PATH": _search_path(python)})
    except (OSError, ImportError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _search_path(python: str) -> str:
    """Return the PATH with pyenv's installations in place of its shims, which fail for versions that are not selected.

    uv ends its search at an interpreter that fails.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    places = [
        place for place in os.environ.get("PATH", "").split(os.pathsep) if place and Path(place) != pyenv / "shims"
    ]
    return os.pathsep.join([*places, *map(str, sorted(pyenv.glob(f"versions/{python}.*/bin"), reverse=True))])
