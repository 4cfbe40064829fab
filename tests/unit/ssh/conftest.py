"""A key pair for sessions, and a machine that accepts it."""

from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from awsprov.ssh import keys
from tests.unit.ssh.ssh_server import Server


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of a private key."""
    path = tmp_path / "key.pem"
    keys.generate(path)
    return path


@pytest.fixture
def builder(key: Path, tmp_path: Path) -> Iterator[Server]:
    """An SSH server that accepts the key, and answers each command with `hello`."""
    created = Server(paramiko.ECDSAKey.generate(bits=256), keys.public_key(key), tmp_path, script=[b"hello\n"])
    created.start()
    yield created
    created.stop()
