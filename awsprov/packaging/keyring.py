"""Credentials in the system's keyring, read with the program `keyring`, as pip and uv do."""

import shutil
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

from awsprov.errors import UsageError

_TIMEOUT = 60.0  # seconds; it may ask for a password in a window


def find_credentials(url: str, user: str) -> tuple[str, str] | None:
    """Return user and password for a package index; None if the keyring has none.

    Arguments:
        url: the URL of the index, without credentials.
        user: the user; if empty, the keyring has to know it (keyring 25.2 and newer).

    Raises:
        UsageError: the program `keyring` is not installed, or does not answer.
    """
    program = shutil.which("keyring")
    if program is None:
        raise UsageError(
            "The program `keyring` is not on your PATH.",
            why=f"The credentials of {urlsplit(url).hostname} were allowed to be read from it.",
            remedy="Install it, for example with `uv tool install keyring`.",
        )
    for service in _services(url):
        lines = _get(program, service, user)
        if user and lines:
            return user, lines[0]
        if len(lines) > 1:
            return lines[0], lines[1]
    return None


def _services(url: str) -> Iterator[str]:
    """Yield the names under which pip and uv look: the URL, then the server."""
    yield url
    yield urlsplit(url).netloc


def _get(program: str, service: str, user: str) -> list[str]:
    """Return the lines that the program prints: the password, or user and password; none if it has none."""
    words = ["get", service, user] if user else ["--mode", "creds", "get", service]
    try:
        ran = subprocess.run(
            [program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(
            "The program `keyring` does not answer.",
            why=type(error).__name__,
            remedy="Unlock the keyring; then run the same command again.",
        ) from error
    return ran.stdout.splitlines() if ran.returncode == 0 else []
