"""Checks that the handler of a function exists, without running its code."""

import os
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from awsprov.config.fields import MAX_FILE_SIZE, FileError, exists
from awsprov.files import is_inside, read_limited
from awsprov.packaging.function_python import ask, is_own
from awsprov.packaging.source_survey import definitions_of, fault_of


def check_handler(file: Path, function: str, project: Path, python: str) -> None:
    """Check that a module exists, can be parsed, and defines a function that Lambda can call.

    Arguments:
        file: the module.
        function: the function's name.
        project: the directory of config.yaml; only files in it are quoted.
        python: the version of the function's Python.

    Raises:
        ValueError: it does not.
    """
    if not exists(file, Path.is_file):
        raise ValueError(f"there is no file {file}")
    names = _definitions(file, python, project)
    if names is not None and function not in names:
        others = _others(function, names) if is_inside(file, project) else ""
        raise ValueError(f"{file.name} has no {function!r}{others}")
    if names and names[function]:
        raise ValueError(f"{function!r} is {names[function]}")


def _others(function: str, names: Collection[str]) -> str:
    """Return what a module has instead of a function: the nearest name, or all."""
    nearest = get_close_matches(function, names, 1)
    if nearest:
        return f"; did you mean `{nearest[0]}`?"
    return f"; it has {', '.join(sorted(names))}" if names else "; it defines nothing"


def _definitions(file: Path, python: str, project: Path) -> dict[str, str] | None:
    """Return the names that a module defines, and which of them Lambda cannot call; see `definitions_of`.

    None if only the function's Python could parse it, and it is not here.
    """
    try:
        return definitions_of(read_limited(file, MAX_FILE_SIZE))
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read: {error.strerror}") from error
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"{file.name} has an expression that is nested too deeply") from error
    except (SyntaxError, ValueError) as error:
        fault = fault_of(error)
    if not is_own(python):
        found = ask(python, str(file.absolute()))
        if found is None or "names" in found:
            return None if found is None else dict(found["names"])
        fault = found["error"]
    raise FileError([_syntax_error(file, python, project, fault)])


def _syntax_error(file: Path, python: str, project: Path, fault: dict[str, Any]) -> str:
    """Return a syntax error with its place, and the line itself if the file is the project's."""
    place = "".join(f":{fault[key]}" for key in ("line", "column") if fault[key])
    if not is_inside(file, project):
        return f"{file.name}{place}: not valid Python {python}: {fault['message']}"
    error = f"{os.path.relpath(file, project)}{place}: not valid Python {python}: {fault['message']}"
    return f"{error}\n    {fault['text'].strip()}".rstrip()
