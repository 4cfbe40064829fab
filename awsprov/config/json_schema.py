"""config.yaml as JSON Schema: for editors, which then know its keys and say what is wrong while one types."""

import ast
import inspect
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from awsprov.config.fields import Part
from awsprov.config.models import NOT_IN_FILE, Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MANY = 6  # so many choices are not listed one by one
_STAGED = "Stage"  # before the name of a part that a stage overrides, where nothing is required
_NOT_STAGED = ("name", "stages")
_PLAIN = ["string", "number", "boolean"]  # a variable's value: YAML's numbers and booleans are written out


def schema() -> dict[str, Any]:
    """The schema of a whole config.yaml."""
    whole = Config.model_json_schema()
    parts, keys = whole["$defs"], whole["properties"]
    for name in NOT_IN_FILE:
        del keys[name]
    parts["FunctionConfig"]["properties"]["variables"]["additionalProperties"] = {"type": _PLAIN}
    parts["ExpectConfig"]["properties"]["contains"] = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
    for model in Part.__subclasses__():
        _explain(parts[model.__name__]["properties"] if model is not Config else keys, model)
    staged = {f"{_STAGED}{name}": {k: v for k, v in part.items() if k != "required"} for name, part in parts.items()}
    stage = {"type": "object", "additionalProperties": False}
    stage["properties"] = {name: key for name, key in keys.items() if name not in _NOT_STAGED}
    keys["stages"]["patternProperties"] = dict.fromkeys(keys["stages"]["patternProperties"], _of_stages(stage))
    return {"$schema": DIALECT, **whole, "title": "awsprov", "$defs": {**parts, **_of_stages(staged)}}


def keys() -> Iterator[tuple[str, str]]:
    """Every key, as `network.nat`, with what it may be and its default."""
    whole = schema()
    yield from _keys(whole, whole, "")


def parts() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every part, as `network`, with what it is for, and its keys: their names, what they are, what they may be."""
    whole = schema()
    yield from _parts(whole, whole, "")


def _explain(keys: dict[str, Any], model: type[Part]) -> None:
    """Give each key the docstring that stands under it in its model; editors show it."""
    body = ast.parse(inspect.getsource(model)).body[0].body  # type: ignore[attr-defined]  # it is a class
    for field, note in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(note, ast.Expr) and isinstance(field.target, ast.Name):
            keys[field.target.id]["description"] = ast.literal_eval(note.value)


def _of_stages(part: dict[str, Any]) -> Any:
    """The same, leading to the parts in which nothing is required."""
    return json.loads(json.dumps(part).replace("#/$defs/", f"#/$defs/{_STAGED}"))


def _keys(whole: dict[str, Any], part: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, key in part["properties"].items():
        inner = _inner(whole, key)
        required = name in part.get("required", [])
        if name == "stages":
            yield "stages.NAME", "these keys again, for --stage NAME"
        elif inner is None:
            yield before + name, _told(key, required)
        else:
            many = "NAME." if _members(key) else ""
            yield from _keys(whole, inner, f"{before}{name}.{many}")


def _parts(
    whole: dict[str, Any], part: dict[str, Any], name: str
) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    inner = {key: found for key, told in part["properties"].items() if (found := _inner(whole, told))}
    plain = {
        key: "a part, below" if key in inner else _told(told, key in part.get("required", []))
        for key, told in part["properties"].items()
    } | ({} if name else {"stages": "names, each with these keys again"})
    keys = part["properties"]
    yield name, part.get("description", ""), [(key, keys[key]["description"], told) for key, told in plain.items()]
    for key, found in inner.items():
        yield from _parts(whole, found, f"{name}.{key}{'.NAME' if _members(keys[key]) else ''}".removeprefix("."))


def _inner(whole: dict[str, Any], key: dict[str, Any]) -> dict[str, Any] | None:
    """The part of the configuration that stands under a key; None for a plain value."""
    choices = [key, *_members(key), *key.get("anyOf", [])]
    reference = next((str(choice["$ref"]) for choice in choices if "$ref" in choice), "")
    return whole["$defs"][reference.rpartition("/")[2]] if reference else None


def _members(key: dict[str, Any]) -> list[dict[str, Any]]:
    """What stands under names that people choose."""
    members = [key.get("additionalProperties"), *key.get("patternProperties", {}).values()]
    return [each for each in members if isinstance(each, dict)]


def _told(key: dict[str, Any], required: bool) -> str:
    """What a value may be, in a few words."""
    kinds = [_kind(choice) for choice in key.get("anyOf", [key]) if choice.get("type") != "null"]
    default = key.get("default")
    shown = ", ".join(map(str, default)) if isinstance(default, list) else default
    lacks = "" if default in (None, [], {}) else f" [default: {shown}]"
    return " or ".join(kinds) + (" (required)" if required else lacks)


def _kind(choice: dict[str, Any]) -> str:
    if "enum" in choice:
        several = [str(value) for value in choice["enum"]]
        return " | ".join(several) if len(several) < MANY else f"{several[0]}, {several[1]} … {several[-1]}"
    if "const" in choice:
        return str(choice["const"])
    if members := _members(choice):
        return f"names, each with {_kind(members[0])}"
    if choice.get("type") == _PLAIN:
        return "a plain value"
    if choice.get("type") == "array":
        each, comma, limits = _kind(choice["items"]).partition(",")
        return f"list of {each}s{comma}{limits}"
    named = {"ipv4network": "a range of addresses", "path": "a path", "file-path": "a path"}
    kind = named.get(choice.get("format", ""), choice.get("type", "any value"))
    least, most = (choice.get(f"{bound}", choice.get(f"exclusive{bound.title()}")) for bound in ("minimum", "maximum"))
    return f"{kind}, {least} to {most}" if least is not None and most is not None else str(kind)
