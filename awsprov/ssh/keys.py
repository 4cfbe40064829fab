"""SSH keys on this machine: made, read, and refused when others may read them. The private half never leaves it."""

import base64
import io
import os
import stat
import struct
from pathlib import Path

from awsprov.errors import UsageError

_OPENSSH = b"openssh-key-v1\0"
_ONE = struct.pack(">I", 1)


def generate(path: Path) -> None:
    """Write a new ed25519 private key, in OpenSSH's format, for its owner only; never over an existing file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - cryptography takes a while to load
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def public_half(private: Path) -> str:
    """The public key of a private key file, as one line `type base64`.

    Raises:
        UsageError: the file is missing, open to others, or no unencrypted private key.
    """
    check_private(private)
    content = private.read_bytes()
    if plain := _plainly(content):
        return plain
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - cryptography takes a while to load
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
        load_ssh_private_key,
    )

    try:
        key = load_ssh_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{private} is not a private key that awsprov can use.",
            why=str(error),
            remedy="An OpenSSH key without a passphrase is needed; leave `keypair` out to have one made.",
        ) from error
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def read_public(path: Path) -> str:
    """The public key in a file like `id_ed25519.pub`, as one line `type base64`, without its comment."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - cryptography takes a while to load
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key  # noqa: PLC0415

    try:
        text = path.read_bytes()
        load_ssh_public_key(text)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} is not a readable public key.", why=str(error)) from error
    return " ".join(text.decode().split()[:2])


def check_private(path: Path) -> None:
    """Refuse a private key file that is missing, or that others than its owner may read."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"The private key {path} cannot be read.", why=str(error)) from error
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(
            f"The private key {path} is open to other users of this machine.",
            why=f"Its mode is {stat.S_IMODE(mode):04o}; ssh refuses such a key, too.",
            remedy=f"chmod 600 {path}",
        )


def _plainly(file: bytes) -> str:
    """The public half of a key in OpenSSH's own format without a passphrase, where it stands in clear; else empty.

    cryptography, which reads all formats, takes as long to load as a plan takes to ask EC2. The format is described in
    PROTOCOL.key of OpenSSH's sources: a mark, then cipher, derivation and its options, the number of keys, and halves.
    """
    head, _, rest = file.strip().partition(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    text, end, tail = rest.partition(b"-----END OPENSSH PRIVATE KEY-----")
    try:
        content = io.BytesIO(base64.b64decode(text))
        if head or tail or not end or content.read(len(_OPENSSH)) != _OPENSSH:
            return ""
        cipher, _, _, one = _field(content), _field(content), _field(content), content.read(4)
        public, private = _field(content), _field(content)
        whole = cipher == b"none" and one == _ONE and private and not content.read(1)
        return f"{_field(io.BytesIO(public)).decode()} {base64.b64encode(public).decode()}" if whole else ""
    except (ValueError, struct.error):
        return ""


def _field(content: io.BytesIO) -> bytes:
    """The next field: its length in four bytes, then itself."""
    (length,) = struct.unpack(">I", content.read(4))
    field = content.read(length)
    if len(field) != length:
        raise ValueError("cut short")
    return field
