"""Finds imports of a function that neither its libraries, nor its own code, nor its Python contain."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from awsprov.packaging.function_python import ask, is_own
from awsprov.packaging.source_survey import survey
from awsprov.packaging.well_known import contains_module
from awsprov.remote_code.builder.lambda_modules import RUNTIME

# Modules that Python 3.13 removed (PEP 594): they are not reported where the function's Python cannot be run.
_REMOVED = {
    "aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev",
    "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib", "lib2to3",
}  # fmt: skip


def source_warnings(source: Path, handler: str, python: str, packages: Iterable[str], requirements: str) -> list[str]:
    """Return a sentence on each error in a function's code that keeps its handler from being imported.

    Arguments:
        source: the directory of its code.
        handler: a module and a function in it, as `module.function`.
        python: its Python version, as in `3.12`.
        packages: the normalized names of its libraries.
        requirements: the name of the file that lists them.
    """
    module, known = handler.rpartition(".")[0], list(packages)
    asked = None if is_own(python) else ask(python, str(source.absolute()), module)
    found = asked or survey(source.absolute(), module)
    certain = asked is not None or is_own(python)
    errors = [_unparsed(_place(file, line), message, python, certain) for file, line, message in found["errors"]]
    stdlib = {*found["stdlib"], *RUNTIME, *(() if certain else _REMOVED)}
    missing = [
        f"{_place(file, line)} imports {name}, {_absence(name, source, requirements)}"
        for file, line, name in _missing(found["imports"], stdlib, known)
    ]
    return [*errors, *missing]


def _absence(module: str, source: Path, requirements: str) -> str:
    """Return where a module is not, and what to do: a file beside the source is not part of it."""
    files = (source.parent / f"{module}.py", source.parent / module / "__init__.py")
    beside = [each for each in files if each.is_file()]
    if beside:
        place = os.path.relpath(beside[0])
        return f"which is at {place}, outside of the function's `source` ({os.path.relpath(source)}). Move it there."
    return (
        "which is not in the code, and no package of the libraries has such a name. Unless one of them contains it, "
        f"add the package that does to {requirements}."
    )


def _unparsed(place: str, message: str, python: str, certain: bool) -> str:
    """Return a sentence on a file that cannot be parsed; `certain` says whether the function's Python parsed it."""
    if certain:
        return f"{place}: Python {python} cannot parse it: {message}. The function would not start."
    return (
        f"{place}: awsprov's own Python cannot parse it ({message}). Whether Python {python} can is not known here; "
        f"`uv python install {python}` installs it."
    )


def _missing(imports: list[Any], stdlib: set[str], packages: list[str]) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and top-level name of each missing module once."""
    reported = set[str]()
    for file, line, module in imports:
        name = module.partition(".")[0]
        if name not in stdlib | reported and not any(contains_module(package, name) for package in packages):
            reported.add(name)
            yield file, line, name


def _place(file: str, line: int) -> str:
    return f"{os.path.relpath(file)}:{line}"
