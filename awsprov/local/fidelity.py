"""Generates `docs/fidelity.md` from the tables of `awsprov.local.behaviour`: `python -m awsprov.local.fidelity`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from awsprov.local.behaviour.authorization_behaviours import ACTION_BEHAVIOURS, AUTHORIZATION_BEHAVIOURS
from awsprov.local.behaviour.backend_behaviours import BACKEND_BEHAVIOURS
from awsprov.local.behaviour.consistency import DELAYED_VISIBILITY
from awsprov.local.behaviour.dependencies import DEPENDENCIES
from awsprov.local.behaviour.fidelity_row import FidelityRow
from awsprov.local.behaviour.idempotency import IDEMPOTENT_OPERATIONS
from awsprov.local.behaviour.limits import QUOTAS, RATE_LIMITS
from awsprov.local.behaviour.model_rows import MODEL_CHECKS, MODEL_EXCEPTIONS
from awsprov.local.behaviour.size_limits import SIZE_LIMITS
from awsprov.local.behaviour.states import DURATIONS
from awsprov.local.behaviour.validation import VALIDATION_RULES

_SECTIONS: tuple[tuple[str, str, Iterable[FidelityRow]], ...] = (
    ("States and their durations", "Durations are multiplied by the pace. At pace 0 there are none.", DURATIONS),
    ("Dependencies between resources", "At all paces.", DEPENDENCIES),
    (
        "Service models",
        "At all paces. Every request is checked against the model that comes with botocore: required members, lengths, "
        "ranges, patterns and choices.",
        (*MODEL_CHECKS, *MODEL_EXCEPTIONS),
    ),
    ("Limits that are not in the service models", "At all paces.", SIZE_LIMITS),
    ("Invalid parameters", "At all paces.", VALIDATION_RULES),
    ("Idempotency tokens", "At all paces.", IDEMPOTENT_OPERATIONS),
    ("Eventual consistency", "Only with `--consistency` and a pace above 0.", DELAYED_VISIBILITY),
    ("Quotas", "At all paces. `POST /_awsprov/quotas` changes them.", QUOTAS),
    ("Rate limits of the control plane of API Gateway", "Scaled by the pace; none at pace 0.", RATE_LIMITS),
    (
        "Permissions of calls",
        "Of all callers but the root user, at all paces. Every other operation needs the action of its own name.",
        (*AUTHORIZATION_BEHAVIOURS, *ACTION_BEHAVIOURS),
    ),
    ("Other behaviours", "At all paces.", BACKEND_BEHAVIOURS),
)

_HEAD = """# Fidelity of the local cloud

This page is generated from the tables in `awsprov/local/behaviour/` by `python -m awsprov.local.fidelity`.
The local cloud uses moto for the control plane. The tables list behaviours of AWS, what moto alone does, and what the
local cloud does. Sources marked as an estimate were not confirmed on an AWS account.
"""


def document() -> str:
    """Return the page in Markdown."""
    return "\n".join([_HEAD, *(_section(*section) for section in _SECTIONS)])


def _section(title: str, remark: str, rows: Iterable[FidelityRow]) -> str:
    lines = [
        f"## {title}",
        "",
        remark,
        "",
        "| case | AWS | moto alone | local cloud | source |",
        "|---|---|---|---|---|",
    ]
    lines += [
        "| " + " | ".join(_cell(text) for text in (r.title, r.on_aws, r.moto, r.local, r.source)) + " |" for r in rows
    ]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(path: str = "docs/fidelity.md") -> None:
    """Write the page to a file."""
    Path(path).write_text(document())


if __name__ == "__main__":
    main(*sys.argv[1:])
