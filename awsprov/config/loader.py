"""Loads config.yaml: applies a stage, validates, and reports all errors together with line and column."""

import re
from pathlib import Path
from typing import Any

from awsprov.config.contradictions import contradictions
from awsprov.config.fields import UNCHECKED
from awsprov.config.function import DEFAULT_PYTHON
from awsprov.config.messages import is_misspelled, is_unknown_key, problem, unknown_key
from awsprov.config.models import NOT_IN_FILE, Config
from awsprov.config.user_config import user_defaults
from awsprov.config.valid_part import valid_part
from awsprov.config.yaml_document import Document, Keys, Problem, read
from awsprov.errors import UsageError
from awsprov.files import STATE_DIRECTORY

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,23}")  # as the names in `stages`


def load(
    path: Path,
    stage: str = "",
    state_dir: Path = Path(STATE_DIRECTORY),
    like: str = "",
    *,
    files: bool = True,
    region: str | None = None,
) -> Config:
    """Load and validate a configuration, without any call to AWS.

    Arguments:
        path: the file.
        stage: the name of one of its `stages`, whose values override the others; empty for none.
        like: the one of its `stages` whose values `stage` has, if that is not one of them.
        state_dir: the directory of state, keys and the local cloud; relative to the directory of the file.
        files: whether the files that it names are read: they must exist and be valid then. Without them, what a
            missing file would say is left out, and unknown keys are in the configuration's warnings.
        region: the region of a file without one; default: the environment's.

    Raises:
        UsageError: the file is not valid; the message lists all errors, each with line and column.
    """
    document = read(path, _is_variable, collect=True)
    if not isinstance(document.value, dict):
        what = "is empty" if document.value is None else "must be keys with values, such as `name: prices`"
        raise document.error([Problem(None, f"{what}; `awsprov init` creates a valid file in an empty directory")])
    own = {key: value for key, value in document.value.items() if key not in NOT_IN_FILE}
    values = {**user_defaults(region), **own}
    problems = [*document.problems]
    unknown = [unknown_key(document, (key,)) for key in document.value if key not in own]
    merged = _merged(values, _overrides(document, stage, like) if stage or like else {})
    document.apply_overrides(("stages", like or stage))
    context = {"base": path.absolute().parent, "python": _python(merged), UNCHECKED: not files}
    config, errors = valid_part(merged, context)
    unknown += [problem(document, merged, error) for error in errors if is_unknown_key(error)]
    others = [error for error in errors if not is_unknown_key(error)]
    misspelled = [error for error in others if is_misspelled(error, merged)]  # what is missing is an unknown key
    found = [problem(document, merged, error) for error in others if error not in misspelled]
    unread = {each.position for each in document.problems}  # no value was read there, so that none is valid
    problems += [each for each in found if each.position not in unread]
    if config is not None:
        home = path.absolute().parent / state_dir
        config = config.model_copy(update={"stage": stage, "like": like, "state_dir": home})
        problems += contradictions(config, document)
    if problems or config is None or misspelled or (files and unknown):
        raise document.error(list(dict.fromkeys([*problems, *unknown])))
    return config.model_copy(update={"warnings": tuple(map(document.describe, unknown))})


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
        if not known and _STAGE.fullmatch(like or stage):
            remedy = f"Add it to {document.path.name}, as in `stages: {{{like or stage}: {{}}}}`."
        if known and not like and _STAGE.fullmatch(stage):
            remedy = f"To create one that is like one of these: `awsprov up --stage {stage} --like {known[0]}`."
        raise UsageError(f"{document.path.name} has no stage {like or stage!r}.", why=listed, remedy=remedy)
    if like and stage in known:
        raise UsageError(
            f"{document.path.name} has a stage {stage!r}; --like is for other stages.",
            why=listed,
            remedy="Leave out --like.",
        )
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
