"""Fixtures of the sweeps: the lab that the trials of a worker share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sweep.lab import Lab
from tests.sweep.modes import CONSISTENCY, PACE


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Lab]:
    """A lab with the delays of the mode."""
    lab = Lab(tmp_path_factory.mktemp("sweep"), kept_runtimes, PACE, CONSISTENCY)
    yield lab
    lab.close()


@pytest.fixture
def lab(laboratory: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The shared lab; its cloud is ended after a trial that failed."""
    marker = request.node.get_closest_marker("sweep")
    points = request.node.callspec.params["point"]
    properties = {"sweep": marker.args[0], "points": len(points) if isinstance(points, tuple) else 1}
    request.node.user_properties.extend(properties.items())
    laboratory.properties = request.node.user_properties
    laboratory.passed = False
    yield laboratory
    if not laboratory.passed:
        laboratory.close()
