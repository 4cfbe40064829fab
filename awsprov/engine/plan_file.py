"""A plan in a file, so that `up FILE` applies exactly that or refuses.

The file tells what was planned, in the words of `plan --json`, and carries a seal over all that it would come to: each
resource's arguments, the digests of code and libraries, the values of variables. The values themselves are not in it,
and as the seal is salted, and slow to compute, they cannot be guessed from it.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from awsprov.engine.plan import Change, Plan
from awsprov.engine.resource import Resource, Values
from awsprov.engine.state import StackKey
from awsprov.errors import RefusedError, UsageError
from awsprov.files import write_atomically
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import Environment

SCHEMA = 1
_AGAIN = "Make a new plan with `awsprov plan --out FILE`, and look at it."
_UNSEALED = frozenset({"variables"})  # of differences: digests under a key that each process makes anew


@dataclass(frozen=True)
class Saved:
    """What the file holds.

    Arguments:
        home: the stack, account and region that it is for.
        forced: names of resources to be made anew although nothing differs.
        prints: a fingerprint for each resource, without the values of variables, to tell what has changed.
        seal: the one for all of it, with them.
        shown: the plan as `plan --json` tells it.
    """

    home: StackKey
    forced: tuple[str, ...]
    salt: str
    seal: str
    prints: dict[str, str]
    shown: dict[str, Any]

    def check(self, plan: Plan) -> None:
        """Have this plan be the one that was saved.

        Raises:
            RefusedError: the stack or the configuration has changed since; says what.
        """
        now = _prints(plan)
        differ = [name for name in sorted({*self.prints, *now}) if self.prints.get(name) != now.get(name)]
        if not differ and self.seal == _seal(plan, bytes.fromhex(self.salt)):
            return
        raise RefusedError(
            "The plan is stale; nothing was changed.",
            why=f"Since it was made these have changed: {', '.join(differ) or 'values of variables'}.",
            remedy=_AGAIN,
        )


def save(path: Path, plan: Plan, home: StackKey, forced: Sequence[str], shown: dict[str, Any]) -> None:
    """Write a plan, for its owner only."""
    salt = os.urandom(16)
    saved = Saved(home, tuple(forced), salt.hex(), _seal(plan, salt), _prints(plan), shown)
    made = {"event": "saved plan", "schema_version": SCHEMA, "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    write_atomically(path, json.dumps({**made, **asdict(saved)}, indent=1).encode())


def load(path: Path, home: StackKey) -> Saved:
    """Read a plan.

    Raises:
        UsageError: the file is none.
        RefusedError: it is for another stack, account or region, or of a newer awsprov.
    """
    try:
        document = json.loads(path.read_bytes())
        schema, where = document["schema_version"], StackKey(**document["home"])
        kept = {each.name: document[each.name] for each in fields(Saved)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is no plan.", why=f"{type(error).__name__}: {error}", remedy="`awsprov plan --out FILE` makes one."
        ) from error
    if schema > SCHEMA:
        raise RefusedError(f"{path} was made by a newer awsprov.", remedy=_AGAIN)
    if where != home:
        why = f"It is for stack {where.stack} in account {where.account}, {where.region}."
        raise RefusedError(f"{path} is a plan for another stack.", why=why, remedy=_AGAIN)
    return Saved(**{**kept, "home": where, "forced": tuple(kept["forced"])})


def _prints(plan: Plan) -> dict[str, str]:
    return {change.resource.name: _digest(_told(change)) for change in plan.changes}


def _told(change: Change) -> dict[str, Any]:
    """All about a change that may be told."""
    r = change.resource
    differences = {name: "" if name in _UNSEALED else pair for name, pair in change.differences.items()}
    arguments = {} if change.action == "delete" else _without(r, r.recorded_inputs(), (Path, Bundle))
    told = {"type": r.type, "id": r.id, "action": change.action, "because": change.because}
    return {**told, "differences": differences, "arguments": arguments}


def _without(r: Resource, values: Values, places: tuple[type, ...]) -> Values:
    """Values but for what is a place on this machine; what is there has its digest among those recorded."""
    left_out = {f.name for f in fields(r) if isinstance(getattr(r, f.name, None), places)}
    return {name: value for name, value in values.items() if name not in left_out}


def _seal(plan: Plan, salt: bytes) -> str:
    living = [change.resource for change in plan.changes if change.action != "delete"]
    everything = [_prints(plan), [_without(r, r.inputs, (Path, Bundle, Environment)) for r in living]]
    return hashlib.scrypt(_canonical(everything), salt=salt, n=2**14, r=8, p=1).hex()


def _digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()[:16]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()
