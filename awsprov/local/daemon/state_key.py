"""The key with which a user's local clouds authenticate their saved state. It is in no project's directory."""

import contextlib
import hmac
import os
import secrets

from awsprov.files import make_private_directory
from awsprov.paths import user_state_directory

_BYTES = 32  # of the key, and of a digest
_NAME = "local-state.key"


def digest(content: bytes) -> bytes:
    """Return the HMAC-SHA256 of a content."""
    return hmac.digest(_key(), content, "sha256")


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the digest at the beginning of a file, and the content after it."""
    return data[:_BYTES], data[_BYTES:]


def _key() -> bytes:
    """Return the user's key; create it if there is none. Two processes that create it get the same one.

    Raises:
        OSError: the user's directory cannot be written.
    """
    path = user_state_directory() / _NAME
    with contextlib.suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _BYTES:
            return key
        raise OSError(f"{path} does not contain a key of {_BYTES} bytes. Delete it.")
    make_private_directory(path.parent)
    draft = path.with_name(f".{_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)  # fails if another process was first, unlike a rename
    finally:
        draft.unlink()
    return path.read_bytes()
