"""A plan as people and programs read it: the infrastructure by area, permissions apart, code and libraries apart."""

import json
from collections.abc import Iterable, Iterator
from difflib import ndiff
from pathlib import Path

import click

from awsprov.cli import package_diff, permission_diff
from awsprov.cli.session import Session
from awsprov.config.models import Config
from awsprov.engine.estimate import expected_seconds, format_duration
from awsprov.engine.plan import Change, Plan
from awsprov.engine.resource import AREAS, Resource
from awsprov.pricing.estimate import cost_summary

SYMBOLS = {"create": ("+", "green"), "change": ("~", "yellow"), "replace": ("-/+", "magenta"), "delete": ("-", "red")}
_COLOURS = {"+": "green", "-": "red", "~": "yellow"}
_PERMISSIONS, _CONTENTS = "permissions", "code and libraries"
_INDENT = " " * 8


def document(found: Plan, session: Session) -> dict[str, object]:
    """For programs: what is kept is left out."""
    changes = [
        {
            "action": change.action,
            "type": change.resource.type,
            "name": change.resource.name,
            "id": change.resource.id,
            "section": _section(change),
            "because": change.because,
            "differences": {name: {"has": has, "wants": wants} for name, (has, wants) in change.differences.items()},
            "details": _details(change, session),
        }
        for change in found.changes
        if change.action != "keep"
    ]
    remarks = [change.resource.note for change in found.changes if change.resource.note]
    expected = round(expected_seconds(found, session.stack, session.is_local))
    figures = {"summary": counts(found), "expected_seconds": expected}
    return {"changes": changes, "remarks": remarks, **figures}


def counts(found: Plan) -> dict[str, int]:
    """How many changes there are of each action."""
    return {action: len(found.of(action)) for action in ("create", "change", "replace", "delete", "keep")}


def text(found: Plan, session: Session) -> str:
    """The changes by section, and a line of sums at the end."""
    lines: list[str] = []
    changes = [change for change in found.changes if change.action != "keep"]
    for section in (*AREAS, _PERMISSIONS, _CONTENTS):
        if inside := [change for change in changes if _section(change) == section]:
            lines.append(click.style(section, bold=True))
            lines += [line for change in inside for line in _change(change, session)]
    remarks = [change.resource.note for change in found.changes if change.resource.note]
    notes = [click.style(note, fg="yellow") for note in (*warnings(session.config), *_lost(found), *_notes(remarks))]
    return "\n".join([*lines, "", *notes, summary(found, session)]).lstrip("\n")


def summary(found: Plan, session: Session) -> str:
    """One line: how many of what, what it costs, how long it takes."""
    count = counts(found)
    sums = f"{count['create']} to create, {count['change']} to change, {count['replace']} to replace, "
    line = f"{sums}{count['delete']} to delete."
    if found.empty:
        return line
    living = [change.resource for change in found.changes if change.action != "delete"]
    where = " here" if session.aws.endpoint else ""
    cost = cost_summary(living, session.config.region, session.config.state_dir)
    takes = format_duration(expected_seconds(found, session.stack, session.is_local))
    return f"{line} {cost} It takes about {takes}{where}."


def _section(change: Change) -> str:
    if permission_diff.concerns(change):
        return _PERMISSIONS
    return _CONTENTS if change.resource.deployed else change.resource.area


def _change(change: Change, session: Session) -> Iterator[str]:
    """A change, with its reason and the tree of what differs."""
    symbol, colour = SYMBOLS[change.action]
    yield f"  {click.style(f'{symbol:>3}', fg=colour)} {_named(change.resource)}{_properties(change)}"
    if change.because:
        yield f"{_INDENT}because {change.because} is replaced, and it cannot outlive that"
    elif change.action == "replace" and not change.resource.immutable & set(change.differences):
        yield f"{_INDENT}because --replace asks for it"
    details = _details(change, session)
    yield from (_INDENT + click.style(line, fg=_COLOURS.get(line[0])) for line in details)
    if forced := sorted(change.resource.immutable & set(change.differences)):
        yield f"{_INDENT}because AWS cannot change its {' and '.join(forced)} in place"
    for name, values in change.differences.items():
        if not (details and (permission_diff.concerns(change) or name == "code")):
            yield from _difference(name, values)


def _details(change: Change, session: Session) -> list[str]:
    """Statements of permissions; files and packages."""
    if permission_diff.concerns(change):
        return permission_diff.lines(change, session.aws)
    return package_diff.lines(change, session.state)


def _named(resource: Resource) -> str:
    id_ = resource.id.rpartition(":")[2] if resource.id.startswith("arn:") else resource.id
    told = [click.style(word, dim=True) for word in (resource.type, id_) if word]
    return f"{resource.name:<24} {' '.join(told)}"


def _properties(change: Change) -> str:
    """The plain arguments of what is to be made."""
    if change.action != "create":
        return ""
    given = {name: getattr(change.resource, name, value) for name, value in change.resource.inputs.items()}
    plain = [f"{name} {value}" for name, value in given.items() if _telling(value)]
    return "  " + click.style(", ".join(plain), dim=True) if plain else ""


def _telling(value: object) -> bool:
    """Whether a value says something on one line; a place on this machine does not."""
    return isinstance(value, str | int | float) and value != "" and not isinstance(value, Path)


def _difference(name: str, values: tuple[object, object]) -> Iterable[str]:
    """One argument, as it is and as it should be; of a larger value, the lines that differ."""
    has, wants = values
    if isinstance(has, dict | list) and isinstance(wants, dict | list):
        return [f"{_INDENT}{name}:", *(f"{_INDENT}  {line}" for line in _changed_lines(has, wants))]
    later = "known later" if wants == "" else json.dumps(wants)
    return [f"{_INDENT}{name}: {json.dumps(has)} → {later}"]


def _changed_lines(has: object, wants: object) -> list[str]:
    before, after = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (has, wants))
    marked = [line.rstrip(",") for line in ndiff(before, after) if line[:2] in ("- ", "+ ")]
    return [click.style(line, fg=_COLOURS[line[0]]) for line in marked]


def warnings(config: Config) -> list[str]:
    """What a careful person would ask about before saying yes."""
    api = config.api
    open_to = {"none": "anybody", "api_key": "whoever has the key, which is no proof of who calls"}.get(api.auth)
    routed = any(function.routes for function in config.functions.values())
    return [f"Warning: the API answers {open_to} (api.auth: {api.auth})."] if open_to and routed else []


def _lost(found: Plan) -> list[str]:
    lost = [change.resource.name for change in found.of("replace", "delete") if change.resource.stateful]
    refused = "`up` refuses that without --allow-data-loss"
    return [f"Warning: {', '.join(lost)} would be deleted, with all that is on it; {refused}."] if lost else []


def _notes(remarks: list[str]) -> list[str]:
    return [f"Note: {remark}" for remark in remarks]
