"""The tables of `libs why`: what a cold start spends on imports, by package and by part."""

from typing import Any

from awsprov.cli.terminal import width
from awsprov.ui.layout import TableRow, table


def by_part(parts: list[dict[str, Any]]) -> list[str]:
    """Return a table of the parts of a cold start, with CPU time and share of each."""
    total = sum(part["ms"] for part in parts) or 1.0
    rows: list[TableRow] = [("ms", "share", "part of a cold start")]
    rows += [(f"{part['ms']:.0f}", f"{part['ms'] / total:.0%}", part["what"]) for part in parts]
    return table([*rows, (f"{total:.0f}", "", "CPU time")], width(), right=(0, 1), indent="  ")


def by_package(costs: list[dict[str, Any]]) -> list[str]:
    """Return a table of import times and sizes by package."""
    rows: list[TableRow] = [("ms", "MB", "package")]
    rows += [(f"{c['ms']:.0f}", f"{c['bytes'] / 1e6:.1f}", f"{c['package']} {c['version']}") for c in costs]
    rows += [(f"{sum(c['ms'] for c in costs):.0f}", f"{sum(c['bytes'] for c in costs) / 1e6:.1f}", "total")]
    return table(rows, width(), right=(0, 1), indent="  ")


def ended_early(failed: dict[str, str], function: str) -> list[str]:
    """Return lines about imports that ended early, and how to find out what that means for the function.

    Arguments:
        failed: the error of each module.
        function: the function's name in config.yaml.
    """
    return [
        *(f"The import of {module} ended early: {error}." for module, error in failed.items()),
        "What it would have imported then has no times, so there is no advice.",
        f"`awsprov explain {function}` shows whether the live version starts, and what to correct.",
    ]
