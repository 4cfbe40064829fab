"""One local cloud for all these tests, on a free port in a directory of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from awsprov import local


@dataclass(frozen=True)
class LocalCloud:
    """A running cloud, and clients of it."""

    running: local.Running

    @property
    def endpoint(self) -> str:
        return self.running.endpoint

    def client(self, service: str, region: str = "us-east-1", **config: Any) -> Any:
        """A boto3 client that tries once: a test wants to see the first answer."""
        return boto3.client(  # type: ignore[call-overload]  # any service
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60, **config),
        )


@pytest.fixture(scope="session")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalCloud]]:
    """Starts clouds, and ends them when the tests end. A directory may be given, to start one again."""
    directories: list[Path] = []

    def start(directory: Path | None = None, **options: Any) -> LocalCloud:
        directory = directory or tmp_path_factory.mktemp("cloud")
        directories.append(directory)
        return LocalCloud(local.start(directory, **options))

    yield start
    for directory in directories:
        local.stop(directory)


@pytest.fixture(scope="session")
def cloud(start_cloud: Callable[..., LocalCloud]) -> LocalCloud:
    """The cloud that tests share: instant, and consistent."""
    return start_cloud()
