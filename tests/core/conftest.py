"""What the tests of the core share: a world in memory, a project on disk, and an environment that decides nothing."""

from pathlib import Path

import pytest

from tests.core.fakes import Cloud, World, known_kinds


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty cloud in memory, and an engine that knows its kinds."""
    known_kinds(monkeypatch)
    return World(Cloud(), tmp_path / "state" / "demo.json")
