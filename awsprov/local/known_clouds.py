"""The local clouds of a user: each start is recorded in the user's own directory, so that all of them can be found."""

import hashlib
from pathlib import Path

from awsprov.files import make_private_directory, write_atomically
from awsprov.paths import user_state_directory


def _directory() -> Path:
    return user_state_directory() / "local-clouds"


def record(directory: Path) -> None:
    """Record that there is a cloud in a directory.

    Raises:
        OSError: the user's directory cannot be written.
    """
    path = str(directory.resolve())
    make_private_directory(_directory())
    write_atomically(_directory() / hashlib.sha256(path.encode()).hexdigest()[:16], path.encode())


def directories() -> list[Path]:
    """Return the directories of all clouds that still exist; records of others are deleted."""
    found = []
    for file in sorted(_directory().glob("*")):
        directory = Path(file.read_text(encoding="utf-8", errors="surrogateescape"))
        if directory.is_dir():
            found.append(directory)
        else:
            file.unlink(missing_ok=True)
    return found
