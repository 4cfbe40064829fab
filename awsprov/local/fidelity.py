"""`python -m awsprov.local.fidelity`: writes `docs/fidelity.md` from the tables of the physics."""

import sys
from collections.abc import Iterable
from pathlib import Path

from awsprov.local.behaviour.attributes import KEPT
from awsprov.local.behaviour.consistency import NEWBORN
from awsprov.local.behaviour.dependencies import DEPENDENCIES
from awsprov.local.behaviour.limits import QUOTAS, RATES
from awsprov.local.behaviour.rows import Behaviour
from awsprov.local.behaviour.states import DURATIONS
from awsprov.local.behaviour.tokens import TOKENS
from awsprov.local.behaviour.validation import VALUES

_CHAPTERS: tuple[tuple[str, str, Iterable[Behaviour]], ...] = (
    ("States and their durations", "Durations are multiplied by the pace: at 0, everything is instant.", DURATIONS),
    ("What is in the way of what", "At every pace.", DEPENDENCIES),
    ("Values that are refused", "At every pace.", VALUES),
    ("Idempotency tokens", "At every pace.", TOKENS),
    ("Eventual consistency", "Off unless `--consistency` and a pace are given.", NEWBORN),
    ("Quotas", "At every pace; set others with `POST /_awsprov/quotas`.", QUOTAS),
    ("Rates of API Gateway's control plane", "Scaled by the pace, so none at 0.", RATES),
    ("Kept, checked, said", "At every pace.", KEPT),
)

_HEAD = """# How true the local cloud is to AWS

Generated from the tables in `awsprov/local/behaviour/` by `python -m awsprov.local.fidelity`; a test holds it in step.
The control plane is moto's; the last column says what this cloud makes of each behaviour. Sources marked as an estimate
were not confirmed on an AWS account.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_chapter(*chapter) for chapter in _CHAPTERS)])


def _chapter(title: str, remark: str, rows: Iterable[Behaviour]) -> str:
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
