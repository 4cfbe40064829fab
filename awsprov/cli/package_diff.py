"""What a plan changes in code and libraries, compared with the last release from this machine."""

from collections.abc import Mapping
from typing import Any

from awsprov.engine.plan import Change
from awsprov.engine.state import State
from awsprov.packaging.lockfile import differences
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.compute.published_files import PublishedFiles
from awsprov.resources.function.function import Function

_SHOWN = 12  # files or packages that are named


def lines(change: Change, state: State) -> list[str]:
    """Return the files or packages that are added (`+`), removed (`-`) or changed (`~`), as far as is known here."""
    resource, known = change.resource, state.get(change.resource).inputs
    if isinstance(resource, Function) and "code" in change.differences:
        return _files(resource, known, str(change.differences["code"][0]))
    if isinstance(resource, Libraries) and change.action == "create":
        return _packages(resource, known)
    if isinstance(resource, PublishedFiles) and change.action == "create":
        return limited(compared(known.get("files", {}), resource.contents.contents), "files")
    return []


def _files(function: Function, known: Mapping[str, Any], live: str) -> list[str]:
    if known.get("code") != live or "files" not in known:
        return ["~ the code; the live version was not released from this machine"]
    return limited(compared(known["files"], function.bundle.files), "files")


def _packages(libraries: Libraries, known: Mapping[str, Any]) -> list[str]:
    if libraries.environment.unknown:
        return ["~ the packages, which are known after `up`"]
    return limited(differences(known.get("packages", {}), libraries.environment.lock.pins), "packages")


def limited(lines: list[str], what: str) -> list[str]:
    """Return the first of some lines, and how many more there are."""
    more = [f"  and {len(lines) - _SHOWN} more {what}"] if len(lines) > _SHOWN else []
    return [*lines[:_SHOWN], *more]


def compared(has: Mapping[str, str], wants: Mapping[str, str]) -> list[str]:
    """Return what is added, removed or changed, each with its mark, by name."""
    every = sorted({*has, *wants})
    marks = {name: "+" if name not in has else "-" if name not in wants else "~" for name in every}
    return [f"{marks[name]} {name}" for name in every if has.get(name) != wants.get(name)]
