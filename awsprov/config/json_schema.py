"""The JSON Schema of config.yaml: for completion and validation in editors, and for the list of keys in the docs."""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from awsprov.config.fields import Section
from awsprov.config.models import NOT_IN_FILE, Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_CHOICES = 6  # from this many on, choices are abbreviated
_STAGED = "Stage"  # prefix of a section's definition within a stage, where no key is required
_NOT_STAGED = ("name", "stages")  # keys that a stage cannot override
_SCALAR = ["string", "number", "boolean"]  # the types of a variable's value; numbers and booleans become text


def schema() -> dict[str, Any]:
    """Return the JSON Schema of config.yaml."""
    whole = Config.model_json_schema()
    sections, keys = whole["$defs"], whole["properties"]
    for name in NOT_IN_FILE:
        del keys[name]
    sections["FunctionConfig"]["properties"]["variables"]["additionalProperties"] = {"type": _SCALAR}
    del sections["LibrariesConfig"]["required"]  # `requirements`, or `project` instead
    whole["required"].remove("region")  # the option, or AWS_REGION instead
    sections["ExpectConfig"]["properties"]["contains"] = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
    for model in Section.__subclasses__():
        _add_descriptions(sections[model.__name__]["properties"] if model is not Config else keys, model)
    staged = {
        f"{_STAGED}{name}": {k: v for k, v in section.items() if k != "required"} for name, section in sections.items()
    }
    stage = {"type": "object", "additionalProperties": False}
    stage["properties"] = {name: key for name, key in keys.items() if name not in _NOT_STAGED}
    keys["stages"]["patternProperties"] = dict.fromkeys(keys["stages"]["patternProperties"], _of_stages(stage))
    return {"$schema": DIALECT, **whole, "title": "awsprov", "$defs": {**sections, **_of_stages(staged)}}


def keys() -> Iterator[tuple[str, str]]:
    """Yield every key, as `network.nat`, with its type and default."""
    whole = schema()
    yield from _keys(whole, whole, "")


def sections() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Yield every section, as `network`, with its description and its keys: name, description, type and default."""
    whole = schema()
    yield from _sections(whole, whole, "")


def _add_descriptions(keys: dict[str, Any], model: type[Section]) -> None:
    """Use the docstring below each field of a model as the description of its key."""
    body = ast.parse(inspect.getsource(model)).body[0].body  # type: ignore[attr-defined]  # it is a class
    for field, note in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(note, ast.Expr) and isinstance(field.target, ast.Name):
            keys[field.target.id]["description"] = ast.literal_eval(note.value)


def _of_stages(section: dict[str, Any]) -> Any:
    """Return a section whose references lead to the definitions in which no key is required."""
    return json.loads(json.dumps(section).replace("#/$defs/", f"#/$defs/{_STAGED}"))


def _keys(whole: dict[str, Any], section: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, key in section["properties"].items():
        inner = _inner(whole, key)
        required = name in section.get("required", [])
        if name == "stages":
            yield "stages.NAME", "any of these keys, for --stage NAME"
        elif inner is None:
            yield before + name, _type_and_default(key, required)
        else:
            many = "NAME." if _members(key) else ""
            yield from _keys(whole, inner, f"{before}{name}.{many}")


def _sections(
    whole: dict[str, Any], section: dict[str, Any], name: str
) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    inner = {key: found for key, value in section["properties"].items() if (found := _inner(whole, value))}
    plain = {
        key: "a section, below" if key in inner else _type_and_default(value, key in section.get("required", []))
        for key, value in section["properties"].items()
    } | ({} if name else {"stages": "names, each with any of these keys"})
    keys = section["properties"]
    yield name, section.get("description", ""), [(key, keys[key]["description"], text) for key, text in plain.items()]
    for key, found in inner.items():
        yield from _sections(whole, found, f"{name}.{key}{'.NAME' if _members(keys[key]) else ''}".removeprefix("."))


def _inner(whole: dict[str, Any], key: dict[str, Any]) -> dict[str, Any] | None:
    """Return the section that a key contains; None for any other value."""
    choices = [key, *_members(key), *key.get("anyOf", [])]
    reference = next((str(choice["$ref"]) for choice in choices if "$ref" in choice), "")
    return whole["$defs"][reference.rpartition("/")[2]] if reference else None


def _members(key: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas of the values of a mapping whose keys are free."""
    members = [key.get("additionalProperties"), *key.get("patternProperties", {}).values()]
    return [each for each in members if isinstance(each, dict)]


def _type_and_default(key: dict[str, Any], required: bool) -> str:
    """Describe the type and the default of a value."""
    kinds = [_kind(choice) for choice in key.get("anyOf", [key]) if choice.get("type") != "null"]
    default = key.get("default")
    shown = ", ".join(map(str, default)) if isinstance(default, list) else default
    lacks = "" if default in (None, [], {}) else f" [default: {shown}]"
    return " or ".join(kinds) + (" (required)" if required else lacks)


def _kind(choice: dict[str, Any]) -> str:
    if "enum" in choice:
        several = [str(value) for value in choice["enum"]]
        return " | ".join(several) if len(several) < MAX_CHOICES else f"{several[0]}, {several[1]} … {several[-1]}"
    if "const" in choice:
        return str(choice["const"])
    if members := _members(choice):
        return f"names, each with {_kind(members[0])}"
    if choice.get("type") == _SCALAR:
        return "a string, number or boolean"
    if choice.get("type") == "array":
        each, comma, limits = _kind(choice["items"]).partition(",")
        return f"list of {each}{'' if 'enum' in choice['items'] else 's'}{comma}{limits}"
    named = {"ipv4network": "a range of addresses", "path": "a path", "file-path": "a path", "date": "a date"}
    kind = named.get(choice.get("format", ""), choice.get("type", "any value"))
    least, most = (choice.get(f"{bound}", choice.get(f"exclusive{bound.title()}")) for bound in ("minimum", "maximum"))
    return f"{kind}, {least} to {most}" if least is not None and most is not None else str(kind)
