"""The key pair of a local cloud's root user: random, in a file that only the user can read."""

import base64
import json
import secrets
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from awsprov.files import write_atomically

_NAME = "credentials.json"


@dataclass(frozen=True)
class RootKey:
    """An access key of AWS: its id and its secret."""

    access_key: str
    secret_key: str = field(repr=False)


def create() -> RootKey:
    """Return a random key pair. The id has the form of AWS's, without a prefix that secret scanners search for."""
    random = base64.b32encode(secrets.token_bytes(10)).decode()
    return RootKey(f"LOCAL{random[:15]}", secrets.token_urlsafe(30))


def read(directory: Path) -> RootKey | None:
    """Return the key pair of a cloud; None if there is none that only its owner could read."""
    path = directory / _NAME
    try:
        private = not stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        return RootKey(**json.loads(path.read_text())) if private else None
    except (OSError, ValueError, TypeError):
        return None


def read_or_create(directory: Path) -> RootKey:
    """Return the key pair of a cloud; create it at the first start. It stays the same, for environments that have it.

    Raises:
        OSError: the directory cannot be written.
    """
    pair = read(directory)
    if pair is None:
        pair = create()
        write_atomically(directory / _NAME, f"{json.dumps(asdict(pair))}\n".encode())
    return pair
