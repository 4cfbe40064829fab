"""The facts about one local cloud that its parts share: where it keeps things, where it listens, how fast it is."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"  # moto's account, and the only one of a local cloud
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - the key pair of the local account
HOST = "127.0.0.1"

# Paths of the cloud's own, beside AWS's.
ADMIN_PATH = "/_awsprov/"
INSTANCES_PATH = f"{ADMIN_PATH}instances/"  # called by commands on instances, each with its instance's token
EXECUTE_API_PATH = "/_aws/execute-api/"  # APIs of API Gateway, which check signatures and API keys themselves


def account_backends(backends: Mapping[str, Any]) -> Any:
    """A service's backends in the account, by region.

    For what serves every request: `backends[ACCOUNT]` takes a lock and looks through those of all services each time.
    """
    return backends.get(ACCOUNT) or backends[ACCOUNT]


@dataclass(frozen=True)
class Cloud:
    """One local cloud.

    Arguments:
        directory: everything it keeps: state, disks, machines, functions, logs.
        port: the TCP port on 127.0.0.1; kept over restarts, so that printed URLs go on working.
        pace: 0 for instant, 1 for as slow as AWS typically is, anything between.
        consistency: seconds for which what was just created is not found yet; scaled by the pace, so none at pace 0.
        enforce_iam: whether the keys of IAM users may do only what their policies say.
        lock: held while moto's objects are read or changed, by whoever does it: moto itself takes no care of threads.
    """

    directory: Path
    port: int
    pace: float = 0.0
    consistency: float = 0.0
    enforce_iam: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def endpoint(self) -> str:
        """The URL that boto3 is given. An address, not `localhost`, so that S3 keeps its path style."""
        return f"http://{HOST}:{self.port}"

    def keep(self, *parts: str) -> Path:
        """A directory under the cloud's own, made when it is missing, for its owner only."""
        path = self.directory.joinpath(*parts)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
