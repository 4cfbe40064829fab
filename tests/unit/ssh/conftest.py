"""A key pair for sessions."""

from pathlib import Path

import pytest

from awsprov.ssh import keys


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of a private key."""
    path = tmp_path / "key.pem"
    keys.generate(path)
    return path
