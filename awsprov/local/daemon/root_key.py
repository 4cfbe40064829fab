"""Takes the key pair of a local cloud from its directory only if this user's cloud wrote it there."""

import hmac
from pathlib import Path

from awsprov.local import credentials
from awsprov.local.credentials import RootKey
from awsprov.local.daemon import state_key


def read_or_create(directory: Path) -> RootKey:
    """Return the key pair of a cloud; create it at the first start. It stays the same, for environments that have it.

    A file without the signature of this user came with a project: others know the key pair in it.

    Raises:
        OSError: the directory, or that of the user's key, cannot be written.
    """
    stored = credentials.read(directory)
    if stored and hmac.compare_digest(stored[1], _signature(stored[0])):
        return stored[0]
    pair = credentials.create()
    credentials.write(directory, pair, _signature(pair))
    return pair


def _signature(pair: RootKey) -> bytes:
    return state_key.digest(f"{pair.access_key}:{pair.secret_key}".encode())
