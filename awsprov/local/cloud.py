"""What all parts of a local cloud share: its directory, its address and its settings."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.files import make_private_directory

ACCOUNT = "123456789012"  # moto's account, and the only one of a local cloud
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - the root user's key pair, which is no secret
HOST = "127.0.0.1"

# Paths of the cloud's own, beside AWS's.
ADMIN_PATH = "/_awsprov/"
INSTANCES_PATH = f"{ADMIN_PATH}instances/"  # called by commands on instances, each with its instance's token
EXECUTE_API_PATH = "/_aws/execute-api/"  # APIs of API Gateway, which check signatures and API keys themselves


def account_backends(backends: Mapping[str, Any]) -> Any:
    """Return a service's backends by region.

    For code that runs in every request: `backends[ACCOUNT]` takes a lock and iterates over those of all services.
    """
    return backends.get(ACCOUNT) or backends[ACCOUNT]


@dataclass(frozen=True)
class Cloud:
    """The settings of one local cloud.

    Arguments:
        directory: of all its files: state, file systems, instances, functions, logs.
        port: the TCP port on 127.0.0.1; the same after a restart, so that printed URLs stay valid.
        pace: 0 for no delays, 1 for as slow as AWS typically is, or between.
        consistency: seconds for which new ids are neither found nor listed; scaled by the pace, so none at pace 0.
        enforce_iam: whether IAM users can do only what their policies allow.
        lock: held while moto's objects are read or changed: moto is not thread-safe.
    """

    directory: Path
    port: int
    pace: float = 0.0
    consistency: float = 0.0
    enforce_iam: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def endpoint(self) -> str:
        """The endpoint URL for SDKs. With an address instead of `localhost`, S3 clients use the path style."""
        return f"http://{HOST}:{self.port}"

    def make_directory(self, *parts: str) -> Path:
        """Return a directory below the cloud's own; create it for its owner only if it is missing."""
        path = self.directory.joinpath(*parts)
        make_private_directory(path)
        return path
