"""The Python of a function on this machine, which judges the syntax of its code. uv finds it; nothing is downloaded."""

import json
import subprocess
import sys
from functools import cache
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
    """Return the path of an interpreter, or an empty text."""
    try:
        with uv_process.scratch_directory() as scratch:
            ran = uv_process.run(scratch, ["python", "find", "--no-project", "--offline", python], {})
    except (OSError, ImportError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
