"""`python -m awsprov.local.fidelity`: writes `docs/fidelity.md` from the tables of the behaviour."""

import sys
from collections.abc import Iterable
from pathlib import Path

from awsprov.local.behaviour.backend_behaviours import BACKEND_BEHAVIOURS
from awsprov.local.behaviour.consistency import DELAYED_VISIBILITY
from awsprov.local.behaviour.dependencies import DEPENDENCIES
from awsprov.local.behaviour.fidelity_row import FidelityRow
from awsprov.local.behaviour.idempotency import IDEMPOTENT_OPERATIONS
from awsprov.local.behaviour.limits import QUOTAS, RATE_LIMITS
from awsprov.local.behaviour.states import DURATIONS
from awsprov.local.behaviour.validation import VALIDATION_RULES

_CHAPTERS: tuple[tuple[str, str, Iterable[FidelityRow]], ...] = (
    ("States and their durations", "Durations are multiplied by the pace: at 0, everything is instant.", DURATIONS),
    ("What is in the way of what", "At every pace.", DEPENDENCIES),
    ("Values that are refused", "At every pace.", VALIDATION_RULES),
    ("Idempotency tokens", "At every pace.", IDEMPOTENT_OPERATIONS),
    ("Eventual consistency", "Off unless `--consistency` and a pace are given.", DELAYED_VISIBILITY),
    ("Quotas", "At every pace; set others with `POST /_awsprov/quotas`.", QUOTAS),
    ("Rates of API Gateway's control plane", "Scaled by the pace, so none at 0.", RATE_LIMITS),
    ("Kept, checked, said", "At every pace.", BACKEND_BEHAVIOURS),
)

_HEAD = """# How true the local cloud is to AWS

Generated from the tables in `awsprov/local/behaviour/` by `python -m awsprov.local.fidelity`; a test holds it in step.
The control plane is moto's; the last column says what this cloud makes of each behaviour. Sources marked as an estimate
were not confirmed on an AWS account.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_chapter(*chapter) for chapter in _CHAPTERS)])


def _chapter(title: str, remark: str, rows: Iterable[FidelityRow]) -> str:
    lines = [
        f"## {title}",
        "",
        remark,
        "",
        "| behaviour | AWS | moto alone | this cloud | source |",
        "|---|---|---|---|---|",
    ]
    lines += [
        "| " + " | ".join(_cell(text) for text in (r.what, r.told, r.moto, r.ours, r.source)) + " |" for r in rows
    ]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(path: str = "docs/fidelity.md") -> None:
    """Write the page."""
    Path(path).write_text(document())


if __name__ == "__main__":
    main(*sys.argv[1:])
