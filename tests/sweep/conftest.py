"""The cloud that a worker's trials share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sweep.lab import Lab
from tests.sweep.modes import CONSISTENCY, PACE


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory, kept_runtimes: Path) -> Iterator[Lab]:
    """A cloud as slow as the mode says."""
    made = Lab(tmp_path_factory.mktemp("sweep"), kept_runtimes, PACE, CONSISTENCY)
    yield made
    made.close()


@pytest.fixture
def lab(laboratory: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The laboratory; one in which something failed is given up."""
    marker = request.node.get_closest_marker("sweep")
    points = request.node.callspec.params["point"]
    told = {"sweep": marker.args[0], "points": len(points) if isinstance(points, tuple) else 1}
    request.node.user_properties.extend(told.items())
    laboratory.told = request.node.user_properties
    laboratory.sound = False
    yield laboratory
    if not laboratory.sound:
        laboratory.close()
