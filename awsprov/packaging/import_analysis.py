"""Finds the modules that a function imports at a cold start, and gives advice about slow ones."""

from pathlib import Path
from typing import Any

from awsprov.packaging.source_survey import survey

SLOW, HEAVY = 150.0, 20e6  # milliseconds and bytes from which a package gets advice
_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath"}  # included in Lambda's Python runtimes


def imported_modules(source: Path, handler: str) -> list[str]:
    """Return the third-party modules that a handler's module and the modules of its source import, each once.

    Arguments:
        source: the directory of the code.
        handler: a module and a function in it, as `module.function`.
    """
    found = survey(source.absolute(), handler.rpartition(".")[0], optional=True)
    names = dict.fromkeys(name for _, _, name in found["imports"])
    return [name for name in names if name.partition(".")[0] not in found["stdlib"]]


def advice(costs: list[dict[str, Any]]) -> list[str]:
    """Return a line of advice for each costly package, the largest saving first."""
    lines: list[str] = []
    for cost in sorted(costs, key=lambda cost: (-cost["ms"], -cost["bytes"])):
        name = cost["package"]
        if name in _RUNTIME:
            lines.append(f"{name}: Lambda's runtime includes it; remove it unless you need this version.")
        elif cost["ms"] >= SLOW:
            requirers = f" with what requires it ({', '.join(cost['required_by'])})" if cost["required_by"] else ""
            lines.append(
                f"{name}: {cost['ms']:.0f} ms at each cold start; "
                f"if few requests need it, import it{requirers} where it is used."
            )
        elif cost["ms"] == 0 and cost["bytes"] >= HEAVY:
            needs = f"{' and '.join(cost['required_by'])}, which requires it," if cost["required_by"] else "A package"
            lines.append(  # the builder imports modules and runs no code of the handler
                f"{name}: {cost['bytes'] / 1e6:.0f} MB, not imported by the modules that the code names. {needs} "
                "or what the code loads, such as a pickled model, may still need it."
            )
    return lines
