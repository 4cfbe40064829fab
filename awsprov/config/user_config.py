"""The user's own settings, in a file outside of the project: profile, region, and what package indexes may get."""

import os
from typing import Any

from awsprov.config.yaml_document import Document, Problem, read
from awsprov.paths import user_config_file

DEFAULTS = ("profile", "region")  # keys that a project's config.yaml overrides
KEYS = (*DEFAULTS, "allow")
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")  # as in AWS's SDKs


def user_defaults(region: str | None = None) -> dict[str, str]:
    """Return profile and region for a config.yaml without them: the environment's, or those of the user's file.

    Arguments:
        region: the region that was given as an option, which comes first.

    Raises:
        UsageError: the file is not valid.
    """
    chosen = region or os.environ.get(region_variable())
    return {**own_defaults(), **({"region": chosen} if chosen else {})}


def own_defaults() -> dict[str, str]:
    """Return profile and region of the user's file, as far as it has them.

    Raises:
        UsageError: the file is not valid.
    """
    return {key: value for key, value in _read().items() if key in DEFAULTS}


def region_variable() -> str:
    """Return the name of the environment variable that has the region; empty if none has."""
    return next((name for name in _REGION_VARIABLES if os.environ.get(name)), "")


def user_allowances() -> list[str]:
    """Return the variables that package indexes may get, as `NAME@HOST`.

    Raises:
        UsageError: the file is not valid.
    """
    return list(_read().get("allow") or [])


def _read() -> dict[str, Any]:
    path = user_config_file()
    if not path.is_file():
        return {}
    document = read(path)
    values = document.value or {}
    if not isinstance(values, dict):
        raise document.error([Problem(None, f"should be a mapping with {', '.join(KEYS)}")])
    if problems := _problems(document, values):
        raise document.error(problems)
    return values


def _problems(document: Document, values: dict[str, Any]) -> list[Problem]:
    problems = [
        Problem(document.position((key,), of_key=True), f"unknown key `{key}`; allowed here: {', '.join(KEYS)}")
        for key in values
        if key not in KEYS
    ]
    problems += [
        Problem(document.position((key,)), f"`{key}` should be text")
        for key in DEFAULTS
        if not isinstance(values.get(key), str | None)
    ]
    allowed = values.get("allow") or []
    if not isinstance(allowed, list) or not all(isinstance(each, str) for each in allowed):
        problems.append(Problem(document.position(("allow",)), "`allow` should be a list of NAME@HOST"))
    return problems
