"""SSH key files on this machine: generated, read, and refused when other users can read them."""

import os
import stat
from pathlib import Path

from awsprov.errors import UsageError
from awsprov.files import make_private_directory, read_limited, write_atomically

_MAX_SIZE = 64 * 1024  # bytes of a key


def generate(path: Path) -> None:
    """Write a new ed25519 private key in OpenSSH's format, mode 0600, and its public key beside it as `PATH.pub`.

    Raises:
        FileExistsError: there is a file or a link at that path; it is left as it is.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # cryptography loads slowly
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    make_private_directory(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    write_atomically(public_path(path), key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n")


def public_path(private: Path) -> Path:
    """Return the path of the public key that belongs to a private key, by ssh-keygen's convention."""
    return private.with_name(f"{private.name}.pub")


def public_key(private: Path) -> str:
    """Return the public key of a private key file, as one line `type base64`.

    It is read from `PRIVATE.pub`, unless that is missing or older than the private key: cryptography, which can compute
    it, takes as long to load as a plan takes to ask EC2.

    Raises:
        UsageError: the file is missing, readable by other users, or not an unencrypted private key.
    """
    check_private_key(private)
    public = public_path(private)
    if public.exists() and public.stat().st_mtime_ns >= private.stat().st_mtime_ns:
        return " ".join(read_limited(public, _MAX_SIZE).decode(errors="replace").split()[:2])
    return _compute_public_key(private)


def _compute_public_key(private: Path) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm  # cryptography loads slowly
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_ssh_private_key,
    )

    try:
        key = load_ssh_private_key(read_limited(private, _MAX_SIZE), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{private} is not a private key that awsprov can use.",
            why=str(error),
            remedy="Use an OpenSSH key without a passphrase, or remove `keypair` from config.yaml to generate one.",
        ) from error
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def read_public_key(path: Path) -> str:
    """Return the public key in a file like `id_ed25519.pub`, as one line `type base64`, without its comment.

    Raises:
        UsageError: the file cannot be read, or is not a public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # cryptography loads slowly
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        text = read_limited(path, _MAX_SIZE)
        load_ssh_public_key(text)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is not a readable public key.",
            why=str(error),
            remedy="Correct `keypair.public_key` in config.yaml.",
        ) from error
    return " ".join(text.decode().split()[:2])


def check_private_key(path: Path) -> None:
    """Check that a private key file exists and that only its owner can read it.

    Raises:
        UsageError: the file is missing, or readable by other users.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(
            f"The private key {path} cannot be read.",
            why=str(error),
            remedy="`awsprov up` replaces a lost key that it generated. For one of your own, correct `keypair`.",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(
            f"The private key {path} is readable by other users of this machine.",
            why=f"Its mode is {stat.S_IMODE(mode):04o}; ssh refuses such a key, too.",
            remedy=f"chmod 600 {path}",
        )
