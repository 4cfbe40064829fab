"""What the last proof of each function's permissions found, in a file beside the state; `plan` compares it."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from awsprov.config.function import FunctionConfig
from awsprov.config.role_permission import RolePermission
from awsprov.documents import read_document
from awsprov.engine.record import Time
from awsprov.files import write_atomically

_MAX_SIZE = 1024 * 1024  # bytes of the file
_ARN_PARTS = 6


@dataclass(frozen=True)
class ProofRecord:
    """The result of a proof.

    Arguments:
        permissions: the lines for config.yaml.
        requests: how many requests were sent.
        at: when, in seconds since the epoch.
    """

    permissions: list[str]
    requests: int
    at: Time

    def parsed(self) -> list[RolePermission]:
        """Return the permissions.

        Raises:
            ValueError: a line is not one.
        """
        return [RolePermission.parse(line) for line in self.permissions]


def record_path(state_path: Path, stack: str) -> Path:
    """Return the file with the proofs of a stack: one for AWS and the local cloud, where they are made."""
    return state_path.with_name(f"{stack}.proofs.json")


def save(path: Path, function: str, permissions: list[str], requests: int) -> None:
    """Record the proof of a function in place of an earlier one.

    Raises:
        OSError: the file cannot be written.
    """
    records = {**load(path), function: ProofRecord(permissions, requests, time.time())}
    document = {name: asdict(record) for name, record in records.items()}
    write_atomically(path, f"{json.dumps(document, indent=2)}\n".encode())


def load(path: Path) -> dict[str, ProofRecord]:
    """Return the last proof of each function; none if the file is missing or was changed."""
    try:
        records = read_document(path, dict[str, ProofRecord], _MAX_SIZE)
        for record in records.values():
            record.parsed()
        return records
    except (OSError, ValueError):
        return {}


def unused_permissions(function: FunctionConfig, proof: ProofRecord) -> Iterator[str]:
    """Yield what a function may do by its permissions, and no request of the proof needed.

    Arguments:
        function: with its permissions. Managed policies are not compared.
        proof: the last one.
    """
    proven = proof.parsed()
    for permission in function.own_permissions:
        unused = [
            action for action in permission.actions if not any(_covers(permission, action, each) for each in proven)
        ]
        if unused:
            yield f"{permission.service}:{','.join(unused)} on {permission.resource}"


def _covers(permission: RolePermission, action: str, proven: RolePermission) -> bool:
    """Return whether an action of a permission allows some of what was proven."""
    actions = any(fnmatchcase(each.lower(), action.lower()) for each in proven.actions)
    resources = fnmatchcase(_without_account(proven.resource), _without_account(permission.resource))
    return permission.service == proven.service and actions and resources


def _without_account(resource: str) -> str:
    """Return the last part of an ARN: the account of a proof is that of the local cloud."""
    return resource.split(":", _ARN_PARTS - 1)[-1] if resource.startswith("arn:") else resource
