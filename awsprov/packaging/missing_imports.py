"""Finds imports of a function that neither its libraries, nor its own code, nor its Python contain."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from awsprov.packaging.function_python import ask, is_own
from awsprov.packaging.source_survey import survey

# Packages whose modules have another name than the package, from their metadata on PyPI (`top_level.txt`, RECORD).
# Names that differ by `py`, `python-` or another part only, as `pyyaml` and `python-dateutil`, need no row.
_PACKAGES = {
    "attr": "attrs", "bio": "biopython", "bs4": "beautifulsoup4", "bson": "pymongo", "crypto": "pycryptodome",
    "cryptodome": "pycryptodomex", "cv2": "opencv", "dns": "dnspython", "fitz": "pymupdf", "git": "gitpython",
    "google": "protobuf", "imblearn": "imbalanced-learn", "mpl-toolkits": "matplotlib", "mysqldb": "mysqlclient",
    "pil": "pillow", "pkg-resources": "setuptools", "pylab": "matplotlib", "pywt": "pywavelets",
    "rest-framework": "djangorestframework", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "skopt": "scikit-optimize", "sksurv": "scikit-survival", "tlz": "toolz",
}  # fmt: skip
# Modules that Python 3.13 removed (PEP 594): where the function's Python cannot be asked, nothing is said of them.
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
    from awsprov.remote_code.builder.observe import RUNTIME  # noqa: PLC0415 - it imports asyncio

    module, known = handler.rpartition(".")[0], list(packages)
    asked = None if is_own(python) else ask(python, str(source.absolute()), module)
    found = asked or survey(source.absolute(), module)
    certain = asked is not None or is_own(python)
    errors = [_unparsed(_place(file, line), message, python, certain) for file, line, message in found["errors"]]
    stdlib = {*found["stdlib"], *RUNTIME, *(() if certain else _REMOVED)}
    missing = (
        f"{_place(file, line)} imports {name}, which is neither in the libraries nor in the code. Add the package that "
        f"contains it to {requirements}."
        for file, line, name in _missing(found["imports"], stdlib, known)
    )
    return [*errors, *missing]


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
        if name not in stdlib | reported and not any(_contains(package, name) for package in packages):
            reported.add(name)
            yield file, line, name


def _contains(package: str, module: str) -> bool:
    """Return whether a package may contain a module, by their names."""
    name = module.lower().strip("_").replace("_", "-")
    usual = _PACKAGES.get(name, name)
    parts = package.split("-")
    return (
        usual in (package, *parts)
        or package.startswith((f"{name}-", f"{usual}-"))
        or f"-{name}-" in f"-{package}-"
        or package.replace("-", "") in {form.replace("-", "") for form in (name, f"py{name}", f"{name}py")}
    )


def _place(file: str, line: int) -> str:
    return f"{os.path.relpath(file)}:{line}"
