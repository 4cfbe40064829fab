"""A plan as people and programs read it."""

import json
from difflib import ndiff

import click

from awsprov.config import Config
from awsprov.plan import Plan
from awsprov.resource import AREAS, Resource

SYMBOLS = {"create": ("+", "green"), "change": ("~", "yellow"), "replace": ("-/+", "magenta"), "delete": ("-", "red")}


def document(found: Plan) -> dict[str, object]:
    """For programs: what is kept is left out."""
    changes = [
        {
            "action": change.action,
            "type": change.resource.type,
            "name": change.resource.name,
            "id": change.resource.id,
            "because": change.because,
            "differences": {name: {"has": has, "wants": wants} for name, (has, wants) in change.differences.items()},
        }
        for change in found.changes
        if change.action != "keep"
    ]
    remarks = [change.resource.remark for change in found.changes if change.resource.remark]
    return {"schema_version": 1, "event": "plan", "changes": changes, "remarks": remarks, "summary": counts(found)}


def counts(found: Plan) -> dict[str, int]:
    """How many changes there are of each action."""
    return {action: len(found.of(action)) for action in ("create", "change", "replace", "delete", "keep")}


def text(found: Plan, config: Config) -> str:
    """The changes by area, and a line of sums."""
    lines: list[str] = []
    area = ""
    for change in sorted(found.changes, key=lambda change: AREAS.index(change.resource.area)):
        if change.action == "keep":
            continue
        if change.resource.area != area:
            area = change.resource.area
            lines.append(click.style(area, bold=True))
        symbol, colour = SYMBOLS[change.action]
        lines.append(f"  {click.style(f'{symbol:>3}', fg=colour)} {_named(change.resource)}")
        lines += [_difference(name, values, change.resource) for name, values in change.differences.items()]
        lines += [f"        because {change.because} is replaced"] if change.because else []
    count = counts(found)
    sums = f"{count['create']} to create, {count['change']} to change, {count['replace']} to replace, "
    remarks = [
        click.style(f"Note: {change.resource.remark}", fg="yellow")
        for change in found.changes
        if change.resource.remark
    ]
    return "\n".join([*lines, "", *warnings(config), *remarks, f"{sums}{count['delete']} to delete."]).lstrip("\n")


def _named(resource: Resource) -> str:
    told = [click.style(word, dim=True) for word in (resource.type, resource.id) if word]
    return f"{resource.name:<24} {' '.join(told)}"


def _difference(name: str, values: tuple[object, object], resource: Resource) -> str:
    """One argument, as it is and as it should be; of a larger value, the lines that differ."""
    has, wants = values
    forced = "   (this needs a replacement)" if name in resource.fixed else ""
    if isinstance(has, dict | list) and isinstance(wants, dict | list):
        return "\n".join([f"        {name}:{forced}", *(f"          {line}" for line in _changed_lines(has, wants))])
    later = "known later" if wants == "" else json.dumps(wants)
    return f"        {name}: {json.dumps(has)} → {later}{forced}"


def _changed_lines(has: object, wants: object) -> list[str]:
    before, after = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (has, wants))
    colours = {"- ": "red", "+ ": "green"}
    return [click.style(line, fg=colours[line[:2]]) for line in ndiff(before, after) if line[:2] in colours]


def warnings(config: Config) -> list[str]:
    """What a careful person would ask about before saying yes."""
    api = config.api
    open_to = {"none": "anybody", "api_key": "whoever has the key, which is no proof of who calls"}.get(api.auth)
    routed = any(function.routes for function in config.functions.values())
    return (
        [click.style(f"Warning: the API answers {open_to} (api.auth: {api.auth}).", fg="yellow")]
        if open_to and routed
        else []
    )
