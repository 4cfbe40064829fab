"""A saved plan: `up FILE` applies exactly this plan or refuses.

The file shows the plan as `plan --json` does, and holds a seal over everything it depends on: the arguments of each
resource, the digests of code and libraries, the values of variables. The values are not in the file. The seal is salted
and slow to compute (scrypt), so that they cannot be guessed from it.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from awsprov.documents import read_document
from awsprov.engine.plan import Change, Plan
from awsprov.engine.resource import Resource, Values
from awsprov.engine.state_file import StackKey
from awsprov.errors import RefusedError, UsageError
from awsprov.files import write_atomically
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import Environment

SCHEMA = 1
_MAX_SIZE = 64 * 1024 * 1024  # bytes; a change takes about 1 KB
_PLAN_AGAIN = "Create a new plan with `awsprov plan --out FILE` and review it."
_HIDDEN = frozenset({"variables"})  # in differences: digests with a key that each process chooses


@dataclass(frozen=True)
class SavedPlan:
    """The content of a plan file.

    Arguments:
        schema_version: the version of its form.
        key: the stack that it is for.
        forced: names of resources to replace although nothing differs.
        salt: the salt of the seal, in hexadecimal.
        seal: a fingerprint of everything, including the values of variables.
        fingerprints: a fingerprint of each resource without the values of variables, to name what has changed.
        shown: the plan as `plan --json` prints it.
    """

    schema_version: int
    key: StackKey
    forced: tuple[str, ...]
    salt: Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]
    seal: str
    fingerprints: dict[str, str]
    shown: dict[str, Any]

    def check(self, plan: Plan) -> None:
        """Check that a plan equals the saved one.

        Raises:
            RefusedError: the stack or the configuration has changed since; its reason names what.
        """
        changed = _differing(self.fingerprints, _fingerprints(plan))
        if not changed and self.seal == _seal(plan, bytes.fromhex(self.salt)):
            return
        raise RefusedError(
            "The plan is stale; nothing was changed.",
            why=f"Changed since it was saved: {', '.join(changed) or 'values of variables'}.",
            remedy=_PLAN_AGAIN,
        )


def save(path: Path, plan: Plan, key: StackKey, forced: Sequence[str], shown: dict[str, Any]) -> None:
    """Write a plan to a file that only its owner can read.

    Arguments:
        path: the file.
        plan: the plan.
        key: the stack that it is for.
        forced: names of resources to replace although nothing differs.
        shown: the plan as `plan --json` prints it.
    """
    salt = os.urandom(16)
    saved = SavedPlan(SCHEMA, key, tuple(forced), salt.hex(), _seal(plan, salt), _fingerprints(plan), shown)
    header = {"event": "saved plan", "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    write_atomically(path, json.dumps({**header, **asdict(saved)}, indent=1).encode())


def load(path: Path, key: StackKey) -> SavedPlan:
    """Read a plan from a file.

    Raises:
        UsageError: the file is not a plan.
        RefusedError: the plan is for another stack, account or region, or was saved by a newer awsprov.
    """
    try:
        saved = read_document(path, SavedPlan, _MAX_SIZE)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} is not a plan.",
            why=f"{type(error).__name__}: {error}",
            remedy="Create one with `awsprov plan --out FILE`.",
        ) from error
    if saved.schema_version > SCHEMA:
        raise RefusedError(f"{path} was saved by a newer awsprov.", remedy=_PLAN_AGAIN)
    if saved.key != key:
        raise RefusedError(f"{path} is a plan for another stack.", why=f"It is for {saved.key}.", remedy=_PLAN_AGAIN)
    return saved


def differing(plan: Plan, other: Plan) -> list[str]:
    """Return the names of the resources that two plans treat differently."""
    return _differing(_fingerprints(plan), _fingerprints(other))


def _differing(fingerprints: dict[str, str], others: dict[str, str]) -> list[str]:
    return [name for name in sorted({*fingerprints, *others}) if fingerprints.get(name) != others.get(name)]


def _fingerprints(plan: Plan) -> dict[str, str]:
    return {change.resource.name: _digest(_public(change)) for change in plan.changes}


def _public(change: Change) -> dict[str, Any]:
    """Return everything about a change but the values of variables."""
    r = change.resource
    differences = {name: "" if name in _HIDDEN else pair for name, pair in change.differences.items()}
    arguments = {} if change.action == "delete" else _without(r, r.recorded_inputs(), (Path, Bundle))
    about = {"type": r.type, "id": r.id, "action": change.action, "because": change.because}
    return {**about, "differences": differences, "arguments": arguments}


def _without(r: Resource, values: Values, types: tuple[type, ...]) -> Values:
    """Return values without those of some types: paths on this machine, whose content has a digest of its own."""
    left_out = {f.name for f in fields(r) if isinstance(getattr(r, f.name, None), types)}
    return {name: value for name, value in values.items() if name not in left_out}


def _seal(plan: Plan, salt: bytes) -> str:
    wanted = [change.resource for change in plan.changes if change.action != "delete"]
    everything = [_fingerprints(plan), [_without(r, r.inputs, (Path, Bundle, Environment)) for r in wanted]]
    return hashlib.scrypt(_canonical(everything), salt=salt, n=2**14, r=8, p=1).hex()


def _digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()[:16]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()
