"""The cloud that a worker's trials share."""

from collections.abc import Iterator

import pytest

from tests.sweep.lab import Lab
from tests.sweep.modes import CONSISTENCY, PACE


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Lab]:
    """A cloud as slow as the mode says. The Lambda runtime's environment is kept between test runs."""
    assert pytestconfig.cache
    made = Lab(tmp_path_factory.mktemp("sweep"), pytestconfig.cache.mkdir("lambda-runtimes"), PACE, CONSISTENCY)
    yield made
    made.close()


@pytest.fixture
def lab(laboratory: Lab) -> Iterator[Lab]:
    """The laboratory; one in which something failed is given up."""
    laboratory.sound = False
    yield laboratory
    if not laboratory.sound:
        laboratory.close()
