"""SSH keys on this machine: made, read, and refused when others may read them. The private half never leaves it."""

import os
import stat
from pathlib import Path

from awsprov.errors import UsageError


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
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - cryptography takes a while to load
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
        load_ssh_private_key,
    )

    check_private(private)
    try:
        key = load_ssh_private_key(private.read_bytes(), password=None)
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
