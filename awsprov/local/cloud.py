"""What all parts of a local cloud share: its directory, its address and its settings."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsprov.files import make_private_directory
from awsprov.local import credentials
from awsprov.local.credentials import RootKey

ACCOUNT = "123456789012"  # moto's account, and the only one of a local cloud
ACCOUNT_CONCURRENCY = 1000  # functions that may run at the same time: the default quota; new accounts may have 10
HOST = "127.0.0.1"

# Paths of the cloud's own, beside AWS's.
ADMIN_PATH = "/_awsprov/"
INSTANCES_PATH = f"{ADMIN_PATH}instances/"  # called by commands on instances, each with its instance's token
EXECUTE_API_PATH = "/_aws/execute-api/"  # APIs of API Gateway, which check signatures and API keys themselves


def account_backends(backends: Mapping[str, Any]) -> Any:
    """Return a service's backends by region.

    For code that runs in every request: `backends[ACCOUNT]` takes a lock and iterates over those of all services.
    """
    found = backends.get(ACCOUNT)
    return backends[ACCOUNT] if found is None else found


@dataclass(frozen=True)
class Cloud:
    """The settings of one local cloud.

    Arguments:
        directory: of all its files: state, file systems, instances, functions, logs.
        port: the TCP port on 127.0.0.1; the same after a restart, so that printed URLs stay valid.
        pace: 0 for no delays, 1 for as slow as AWS typically is, or between.
        consistency: seconds for which new ids are neither found nor listed; scaled by the pace, so none at pace 0.
        any_key: whether calls with any key pair are accepted, and signatures are not verified.
        front_port: the TCP port of the HTTP front, where APIs answer. Its pages are another origin for a browser.
        root_key: the key pair of the account's root user.
        lock: held while moto's objects are read or changed: moto is not thread-safe.
    """

    directory: Path
    port: int
    pace: float = 0.0
    consistency: float = 0.0
    any_key: bool = False
    front_port: int = 0
    root_key: RootKey = field(default_factory=credentials.create)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def endpoint(self) -> str:
        """The endpoint URL for SDKs. With an address instead of `localhost`, S3 clients use the path style."""
        return f"http://{HOST}:{self.port}"

    def invoke_url(self, api_id: str) -> str:
        """Return the URL at which an API answers, without the stage."""
        return f"http://{HOST}:{self.front_port}{EXECUTE_API_PATH}{api_id}"

    def root_secret(self, access_key: str) -> str | None:
        """Return the secret of the root user's access key; None for any other key."""
        return self.root_key.secret_key if access_key == self.root_key.access_key else None

    def make_directory(self, *parts: str) -> Path:
        """Return a directory below the cloud's own; create it for its owner only if it is missing."""
        path = self.directory.joinpath(*parts)
        make_private_directory(path)
        return path
