"""A builder in directories of this machine."""

from pathlib import Path

import pytest

from tests.unit.remote_code.builder_programs import Builder, wheel


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    """A builder that can install the package `tiny`."""
    made = Builder(tmp_path / "efs", tmp_path / "home", tmp_path / "wheels")
    wheel(made.wheels)
    return made
