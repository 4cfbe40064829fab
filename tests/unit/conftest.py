"""Fixtures of the unit tests: a world in memory, a project on disk, and an environment without settings."""

import functools
from dataclasses import dataclass
from pathlib import Path

import pytest

from awsprov.aws import service_models
from tests.unit.endpoint import aws, clients, endpoint, server  # noqa: F401 - fixtures
from tests.unit.fakes import Cloud
from tests.unit.world import World, settle_quickly


@pytest.fixture(scope="session", autouse=True)
def shared_models() -> None:
    """Read each service model once, as a command does: the sessions of all tests share a loader."""
    service_models.ModelLoader = functools.cache(service_models.ModelLoader)  # type: ignore[assignment,misc]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An empty cloud in memory, and an engine that knows its kinds."""
    settle_quickly(monkeypatch)
    return World(Cloud(), tmp_path / "state" / "demo.json")


@dataclass
class Project:
    """A directory with a handler, requirements and a configuration."""

    root: Path

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.root / "config.yaml"

    def write(self, text: str) -> Path:
        """Make this the configuration; returns its file."""
        self.config.write_text(text, encoding="utf-8")
        return self.config


PLAIN = """\
name: demo
region: us-east-1
libraries:
  requirements: requirements.txt
functions:
  predict:
    source: src
    handler: app.handler
    variables: {LEVEL: INFO}
    routes: [POST /predict]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small valid project."""
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text("def handler(event, context):\n    return event\n")
    (tmp_path / "requirements.txt").write_text("numpy>=2\n")
    project = Project(tmp_path)
    project.write(PLAIN)
    return project
