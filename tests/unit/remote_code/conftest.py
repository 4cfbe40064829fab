"""A builder in directories of this machine, and an environment with a start pack."""

import os
from pathlib import Path

import pytest

from tests.unit.remote_code.builder_programs import Builder, wheel
from tests.unit.remote_code.packed_environment import HANDLER, Packer, add_pack, create


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """A builder that can install the package `tiny`."""
    created = Builder(tmp_path / "efs", tmp_path / "home", tmp_path / "wheels")
    wheel(created.wheels)
    return created


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An environment as a build creates it."""
    return create(tmp_path / "efs" / "0123456789abcdef")


@pytest.fixture
def pack(
    tmp_path: Path, site: Path, builder: Builder, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Packer:
    """Build the start pack of a handler; return the output."""
    monkeypatch.setenv("PATH", str(builder.commands), prepend=os.pathsep)

    def make(code: str = HANDLER, **variables: str) -> str:
        own = tmp_path / "model"
        add_pack(site, code, own if own.is_dir() else None, **variables)
        return capfd.readouterr().out

    return make
