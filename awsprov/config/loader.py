"""A configuration read from its file: stages laid over, checked, and everything that is wrong told with its place."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from awsprov.config.fields import Part
from awsprov.config.models import NOT_IN_FILE, VARIABLES_LARGEST, Config
from awsprov.config.user_config import personal
from awsprov.config.yaml_document import Document, Keys, Problem, read
from awsprov.errors import UsageError


def load(path: Path, stage: str = "", state_dir: Path = Path(".awsprov")) -> Config:
    """Read and check a configuration; all that is wrong with it is said at once, before any call to AWS.

    Arguments:
        path: the file.
        stage: the name of one of its `stages`, whose values are laid over the others.
        state_dir: where state, keys and the local cloud are kept; a relative one lies in the file's directory.

    Raises:
        UsageError: it cannot be used.
    """
    document = read(path)
    if not isinstance(document.value, dict):
        raise document.error([Problem(None, "is empty; `awsprov init` writes one")])
    values = {**personal(), **{key: value for key, value in document.value.items() if key not in NOT_IN_FILE}}
    unknown_keys = [
        _unknown(document, (key,), list(Config.model_fields)) for key in document.value if key not in values
    ]
    overrides = _overrides(document, stage) if stage else {}
    document.lift(("stages", stage))
    try:
        config = Config.model_validate(_overlaid(values, overrides), context={"base": path.absolute().parent})
    except ValidationError as error:
        raise document.error([*unknown_keys, *(_problem(document, e) for e in error.errors())]) from error
    if unknown_keys or (crossed := _crossed(config, document)):
        raise document.error(unknown_keys or crossed)
    return config.model_copy(update={"stage": stage, "state_dir": path.absolute().parent / state_dir})


def _overrides(document: Document, stage: str) -> dict[str, Any]:
    stages = document.value.get("stages")
    known = list(stages) if isinstance(stages, dict) else []
    if stage not in known:
        listed = ", ".join(known) or "none"
        raise UsageError(f"{document.path.name} has no stage {stage!r}.", why=f"Stages in it: {listed}.")
    return stages[stage] if isinstance(stages[stage], dict) else {}


def _overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _overlaid(result[key], value) if both else value
    return result


def _problem(document: Document, error: ErrorDetails) -> Problem:
    keys: Keys = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return _unknown(document, keys, _siblings(keys))
    name = ".".join(str(key) for key in keys)
    theirs = error["msg"][0].lower() + error["msg"][1:]
    message = error.get("ctx", {}).get("error", theirs.replace("input should", "should"))
    told = f"`{name}` {message}" if name else str(message)
    return Problem(document.place(keys, of_key="[key]" in error["loc"]), told)


def _siblings(keys: Keys) -> list[str]:
    """The keys that are known where this one stands."""
    model: Any = Config
    for key in keys[:-1]:
        known = getattr(model, "model_fields", {})
        model = known[key].annotation if key in known else model
        model = next((m for m in getattr(model, "__args__", ()) if isinstance(m, type) and issubclass(m, Part)), model)
    return [name for name in getattr(model, "model_fields", {}) if name not in NOT_IN_FILE]


def _unknown(document: Document, keys: Keys, known: list[str]) -> Problem:
    nearest = get_close_matches(str(keys[-1]), known, 1, 0.5)
    hint = f"did you mean `{nearest[0]}`?" if nearest else f"known here: {', '.join(known)}"
    return Problem(document.place(keys, of_key=True), f"unknown key `{keys[-1]}`; {hint}")


def _crossed(config: Config, document: Document) -> list[Problem]:
    """What is wrong between parts that are right by themselves."""
    found = []
    if config.api.auth == "jwt" and config.api.jwt is None:
        found.append(
            Problem(document.place(("api", "auth")), "`api.auth` is jwt: `api.jwt` must name the issuer and audience")
        )
    taken: dict[str, str] = {}
    for name, function in config.functions.items():
        for index, route in enumerate(function.routes):
            place = document.place(("functions", name, "routes", index))
            if route in taken:
                found.append(Problem(place, f"`{route}` leads to `{taken[route]}` already"))
            taken[route] = name
        size = sum(len(key) + len(value) for key, value in function.environment.items())
        if size > VARIABLES_LARGEST:
            place = document.place(("functions", name))
            found.append(Problem(place, f"`{name}`: variables take {size} bytes; Lambda allows {VARIABLES_LARGEST}"))
    return found
