"""Loads config.yaml: applies a stage, validates, and reports all errors together with line and column."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from awsprov.aws.limits import MEMORY, TIMEOUT
from awsprov.config.contradictions import contradictions
from awsprov.config.fields import Section
from awsprov.config.function import DEFAULT_PYTHON
from awsprov.config.models import NOT_IN_FILE, Config
from awsprov.config.user_config import user_defaults
from awsprov.config.yaml_document import Document, Keys, Problem, read
from awsprov.errors import UsageError

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,23}")  # as the names in `stages`
_CEILINGS = {"memory": MEMORY, "timeout": TIMEOUT}  # of `functions.NAME`


def load(path: Path, stage: str = "", state_dir: Path = Path(".awsprov"), like: str = "") -> Config:
    """Load and validate a configuration, without any call to AWS.

    Arguments:
        path: the file.
        stage: the name of one of its `stages`, whose values override the others; empty for none.
        like: the one of its `stages` whose values `stage` has, if that is not one of them.
        state_dir: the directory of state, keys and the local cloud; relative to the directory of the file.

    Raises:
        UsageError: the file is not valid; the message lists all errors, each with line and column.
    """
    document = read(path, _is_variable)
    if not isinstance(document.value, dict):
        raise document.error(
            [Problem(None, "is empty or not a mapping; `awsprov init` creates a valid file in an empty directory")]
        )
    values = {**user_defaults(), **{key: value for key, value in document.value.items() if key not in NOT_IN_FILE}}
    unknown_keys = [
        _unknown(document, (key,), list(Config.model_fields)) for key in document.value if key not in values
    ]
    overrides = _overrides(document, stage, like) if stage or like else {}
    document.apply_overrides(("stages", like or stage))
    try:
        merged = _merged(values, overrides)
        context = {"base": path.absolute().parent, "python": _python(merged)}
        config = Config.model_validate(merged, context=context)
    except ValidationError as error:
        raise document.error([*unknown_keys, *(_problem(document, e) for e in error.errors())]) from error
    config = config.model_copy(update={"stage": stage, "like": like, "state_dir": path.absolute().parent / state_dir})
    if unknown_keys or (contradicting := contradictions(config, document)):
        raise document.error(unknown_keys or contradicting)
    return config


def _python(values: dict[str, Any]) -> str:
    """Return the functions' Python version, which judges their syntax; the value may be of any type still."""
    libraries = values.get("libraries")
    return str(libraries.get("python", DEFAULT_PYTHON)) if isinstance(libraries, dict) else DEFAULT_PYTHON


def _is_variable(keys: Keys) -> bool:
    """Return whether these keys lead to a variable of a function, also in a stage."""
    own = keys[2:] if keys[:1] == ("stages",) else keys
    return len(own) == len(("functions", "NAME", "variables", "VARIABLE")) and own[0::2] == ("functions", "variables")


def _overrides(document: Document, stage: str, like: str) -> dict[str, Any]:
    stages = document.value.get("stages")
    known = list(stages) if isinstance(stages, dict) else []
    _check_stage(document, stage, like, known)
    found = stages[like or stage]
    return found if isinstance(found, dict) else {}


def _check_stage(document: Document, stage: str, like: str, known: list[str]) -> None:
    """Check that a stage is known, or that it is new and like a known one."""
    listed = f"Its stages: {', '.join(known) or 'none'}."
    if (like or stage) not in known:
        remedy = ""
        if known and not like and _STAGE.fullmatch(stage):
            remedy = f"To create one that is like one of these: `awsprov up --stage {stage} --like {known[0]}`."
        raise UsageError(f"{document.path.name} has no stage {like or stage!r}.", why=listed, remedy=remedy)
    if like and stage in known:
        raise UsageError(f"{document.path.name} has a stage {stage!r}; --like is for other stages.", why=listed)
    if like and not _STAGE.fullmatch(stage):
        raise UsageError(
            f"--stage {stage!r} is not a stage name." if stage else "--like needs --stage.",
            remedy="A stage name has up to 24 lower-case letters, digits and hyphens, and begins with a letter.",
        )


def _merged(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the values of both; mappings are merged, other values replaced."""
    result = dict(base)
    for key, value in overrides.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _problem(document: Document, error: ErrorDetails) -> Problem:
    keys: Keys = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return _unknown(document, keys, _siblings(keys))
    name = ".".join(str(key) for key in keys)
    from_pydantic = error["msg"][0].lower() + error["msg"][1:]
    message = error.get("ctx", {}).get("error", from_pydantic.replace("input should", "should"))
    if error["type"] == "less_than_equal" and keys[-1] in _CEILINGS:
        message = f"{message}. Source: {_CEILINGS[keys[-1]].source}"
    position = document.position(keys, of_key="[key]" in error["loc"])
    return Problem(position, f"`{name}` {message}" if name else str(message))


def _siblings(keys: Keys) -> list[str]:
    """Return the valid keys of the section that a key is in."""
    model: Any = Config
    for key in keys[:-1]:
        known = getattr(model, "model_fields", {})
        model = known[key].annotation if key in known else model
        model = next(
            (m for m in getattr(model, "__args__", ()) if isinstance(m, type) and issubclass(m, Section)), model
        )
    return [name for name in getattr(model, "model_fields", {}) if name not in NOT_IN_FILE]


def _unknown(document: Document, keys: Keys, known: list[str]) -> Problem:
    nearest = get_close_matches(str(keys[-1]), known, 1, 0.5)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"allowed here: {', '.join(known)}"
    return Problem(document.position(keys, of_key=True), f"unknown key `{keys[-1]}`; {hint}")
