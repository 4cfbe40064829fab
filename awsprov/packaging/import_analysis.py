"""What a function's code imports when it starts, and what to do about what that costs."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SLOW, HEAVY = 150.0, 20e6  # milliseconds and bytes from which a package deserves a word
_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath"}  # Lambda's own Python brings them


def imported(source: Path) -> list[str]:
    """The modules that the files in a directory import at their start, from elsewhere; in order, each once."""
    files = sorted(source.rglob("*.py"))
    own = {path.stem for path in files} | {path.name for path in source.iterdir() if path.is_dir()}
    found = [name for path in files for name in _at_start(ast.parse(path.read_text(encoding="utf-8")).body)]
    return [name for name in dict.fromkeys(found) if name.partition(".")[0] not in sys.stdlib_module_names | own]


def _at_start(body: list[ast.stmt]) -> Iterator[str]:
    """What runs when a module is imported: not the bodies of its functions."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _at_start([child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)])


def advice(costs: list[dict[str, Any]]) -> list[str]:
    """What to do, the greatest gain first; a line each."""
    said: list[str] = []
    for cost in sorted(costs, key=lambda cost: (-cost["ms"], -cost["bytes"])):
        name = cost["package"]
        if name in _RUNTIME:
            said.append(f"{name}: Lambda's runtime brings it; leave it out unless you need this very version.")
        elif cost["ms"] >= SLOW:
            said.append(
                f"{name}: {cost['ms']:.0f} ms at each cold start; import it in the function that needs it, if few do."
            )
        elif cost["ms"] == 0 and cost["bytes"] >= HEAVY:
            said.append(f"{name}: {cost['bytes'] / 1e6:.0f} MB that nothing imports at the start; is it needed?")
    return said
