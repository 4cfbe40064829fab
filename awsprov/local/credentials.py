"""The key pair of a local cloud's root user: random, in a file that only the user can read."""

import base64
import json
import secrets
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from awsprov.documents import read_document
from awsprov.files import write_atomically

_NAME = "credentials.json"
_MAX_SIZE = 64 * 1024  # bytes


@dataclass(frozen=True)
class RootKey:
    """An access key of AWS: its id and its secret."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class _Stored(RootKey):
    """The content of the file: the key pair and its signature, in hexadecimal."""

    signature: str


def create() -> RootKey:
    """Return a random key pair. The id has the form of AWS's, without a prefix that secret scanners search for."""
    random = base64.b32encode(secrets.token_bytes(10)).decode()
    return RootKey(f"LOCAL{random[:15]}", secrets.token_urlsafe(30))


def read(directory: Path) -> tuple[RootKey, bytes] | None:
    """Return the key pair of a cloud and its signature; None if there is none that only its owner could read."""
    path = directory / _NAME
    try:
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            return None
        stored = read_document(path, _Stored, _MAX_SIZE)
        return RootKey(stored.access_key, stored.secret_key), bytes.fromhex(stored.signature)
    except (OSError, ValueError):
        return None


def write(directory: Path, pair: RootKey, signature: bytes) -> None:
    """Replace the key pair of a cloud.

    Raises:
        OSError: the directory cannot be written.
    """
    stored = _Stored(**asdict(pair), signature=signature.hex())
    write_atomically(directory / _NAME, f"{json.dumps(asdict(stored))}\n".encode())
