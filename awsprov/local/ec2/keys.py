"""The keys of an instance: the public key of its user, and its host key."""

import base64
import hashlib
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from awsprov.files import write_atomically


def public_key(line: str) -> paramiko.PKey | None:
    """Return the key of a line in OpenSSH's format; None for an empty one."""
    parts = line.split()
    if len(parts) < 2:  # noqa: PLR2004 - type, key and an optional comment
        return None
    return paramiko.PKey.from_type_string(parts[0], base64.b64decode(parts[1]))


def host_key(path: Path) -> paramiko.PKey:
    """Return the instance's host key, which is generated once."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_atomically(path, pem)
    return paramiko.Ed25519Key.from_private_key_file(str(path))


def host_key_message(key: paramiko.PKey) -> str:
    """Return the host key as cloud-init prints it on the console."""
    fingerprint = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return (
        "ci-info: no authorized SSH keys fingerprints found for user root.\n"
        "<14>cloud-init: #############################################################\n"
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
        f"256 SHA256:{fingerprint} root@localhost (ED25519)\n"
        "-----END SSH HOST KEY FINGERPRINTS-----\n"
        "-----BEGIN SSH HOST KEY KEYS-----\n"
        f"{key.get_name()} {key.get_base64()} root@localhost\n"
        "-----END SSH HOST KEY KEYS-----\n"
    )
