"""Finds the modules that a function imports at a cold start, and gives advice about slow ones."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.files import read_limited

_MAX_SIZE = 8 * 1024 * 1024  # bytes of a file with code
SLOW, HEAVY = 150.0, 20e6  # milliseconds and bytes from which a package gets advice
_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath"}  # included in Lambda's Python runtimes


def imported_modules(source: Path) -> list[str]:
    """Return the third-party modules that the files of a directory import at the top level, each once."""
    files = sorted(source.rglob("*.py"))
    own = {path.stem for path in files} | {path.name for path in source.iterdir() if path.is_dir()}
    found = [name for path in files for name in _at_start(_parsed(path))]
    return [name for name in dict.fromkeys(found) if name.partition(".")[0] not in sys.stdlib_module_names | own]


def _parsed(path: Path) -> list[ast.stmt]:
    """Return the statements of a file; none if it is not valid Python, which is reported when it is imported."""
    try:
        return ast.parse(read_limited(path, _MAX_SIZE)).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _at_start(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the modules that are imported when a module is: not those in the bodies of its functions."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _at_start([child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)])


def advice(costs: list[dict[str, Any]]) -> list[str]:
    """Return a line of advice for each costly package, the largest saving first."""
    lines: list[str] = []
    for cost in sorted(costs, key=lambda cost: (-cost["ms"], -cost["bytes"])):
        name = cost["package"]
        if name in _RUNTIME:
            lines.append(f"{name}: Lambda's runtime includes it; remove it unless you need this version.")
        elif cost["ms"] >= SLOW:
            lines.append(
                f"{name}: {cost['ms']:.0f} ms at each cold start; if few requests need it, import it where it is used."
            )
        elif cost["ms"] == 0 and cost["bytes"] >= HEAVY:
            lines.append(  # the builder imports modules and runs no code of the handler
                f"{name}: {cost['bytes'] / 1e6:.0f} MB, not imported by the modules that the code names. A package "
                "or what the code loads, such as a pickled model, may still need it."
            )
    return lines
