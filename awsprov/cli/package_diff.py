"""What a plan changes in code and libraries, compared with the last release from this machine."""

from collections.abc import Mapping
from typing import Any

from awsprov.engine.plan import Change
from awsprov.engine.state import State
from awsprov.packaging.lockfile import differences
from awsprov.resources.compute.libraries import Libraries
from awsprov.resources.function.function import Function

_SHOWN = 12  # files or packages that are named


def lines(change: Change, state: State) -> list[str]:
    """Return the files or packages that are added (`+`), removed (`-`) or changed (`~`), as far as is known here."""
    resource, known = change.resource, state.get(change.resource).inputs
    if isinstance(resource, Function) and "code" in change.differences:
        return _files(resource, known, str(change.differences["code"][0]))
    if isinstance(resource, Libraries) and change.action == "create":
        return _packages(resource, known)
    return []


def _files(function: Function, known: Mapping[str, Any], live: str) -> list[str]:
    if known.get("code") != live or "files" not in known:
        return ["~ the code; the live version was not released from this machine"]
    found = _compared(known["files"], function.bundle.files)
    more = [f"  and {len(found) - _SHOWN} more files"] if len(found) > _SHOWN else []
    return [*(f"{mark} {name}" for mark, name in found[:_SHOWN]), *more]


def _packages(libraries: Libraries, known: Mapping[str, Any]) -> list[str]:
    wanted = libraries.environment
    found = differences(known.get("packages", {}), wanted.lock.pins)
    if not found and wanted.files and known:
        return ["~ the files that go with them"]
    more = [f"  and {len(found) - _SHOWN} more packages"] if len(found) > _SHOWN else []
    return [*found[:_SHOWN], *more]


def _compared(has: Mapping[str, str], wants: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is added, removed or changed, each with its mark, by name."""
    every = sorted({*has, *wants})
    marks = {name: "+" if name not in has else "-" if name not in wants else "~" for name in every}
    return [(marks[name], name) for name in every if has.get(name) != wants.get(name)]
