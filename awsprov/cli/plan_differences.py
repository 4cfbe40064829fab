"""The differences in a plan: arguments and tags as they are and as they should be."""

import json
from collections import defaultdict
from collections.abc import Mapping
from difflib import ndiff
from pathlib import Path

from awsprov.cli.terminal import style
from awsprov.engine.discovery import TAGS
from awsprov.engine.plan import Change, Plan

COLOURS = {"+": "green", "-": "red", "~": "yellow"}


def properties(arguments: Mapping[str, object]) -> list[str]:
    """Return the arguments that fit on one line, without those that are empty or off, and paths on this machine."""
    shown = {
        name.replace("_", " "): value
        for name, value in arguments.items()
        if isinstance(value, str | int | float) and value not in ("", False) and not isinstance(value, Path)
    }
    return [name if value is True else f"{name} {value}" for name, value in shown.items()]


def difference_lines(name: str, values: tuple[object, object]) -> list[str]:
    """Return an argument as it is and as it should be; of tags and larger values, only what differs."""
    has, wants = values
    if name == TAGS and isinstance(has, dict) and isinstance(wants, dict):
        return tag_lines(has, wants)
    if isinstance(has, dict | list) and isinstance(wants, dict | list):
        return [f"{name}:", *(f"  {style(line, fg=COLOURS[line[0]])}" for line in changed_lines(has, wants))]
    later = "known later" if wants == "" else json.dumps(wants)
    return [f"{name}: {json.dumps(has)} → {later}"]


def tag_lines(has: Mapping[str, str], wants: Mapping[str, str]) -> list[str]:
    """Return a line for each tag that differs."""
    keys = sorted(key for key in {*has, *wants} if has.get(key) != wants.get(key))
    return [f"tag {key}: {_tag(has, key)} → {_tag(wants, key)}" for key in keys]


def _tag(tags: Mapping[str, str], key: str) -> str:
    return json.dumps(tags[key], ensure_ascii=False) if key in tags else "none"


def changed_lines(has: object, wants: object) -> list[str]:
    """Return the lines of a large value that differ, as it is (`-`) and as it should be (`+`)."""
    before, after = map(_lines, (has, wants))
    return [line for line in ndiff(before, after) if line[:2] in ("- ", "+ ")]


def _lines(value: object) -> list[str]:
    """Return a large value in lines; a list of texts in alphabetical order, so that only others are shown."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return sorted(json.dumps(each) if each else "known later" for each in value)
    return [line.rstrip(",") for line in json.dumps(value, indent=1, sort_keys=True).splitlines()]


def retagged_alike(found: Plan) -> dict[tuple[str, ...], list[Change]]:
    """Return what changes nothing but tags, by what differs, where that is the same for several resources."""
    alike = defaultdict(list)
    for change in found.of("change"):
        if change.differences.keys() == {TAGS}:
            alike[tuple(difference_lines(TAGS, change.differences[TAGS]))].append(change)
    return {differing: changes for differing, changes in alike.items() if len(changes) > 1}
