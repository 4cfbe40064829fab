"""Turns the output of a failed resolution into an error that says what to do."""

import re
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name

from awsprov.errors import AwsprovError
from awsprov.packaging.install_target import InstallTarget

SCRATCH_PROJECT = "awsprov-requirements"  # the name of the project that uv resolves
_PROJECT = re.compile(rf"\b(?:{SCRATCH_PROJECT}(?:==0)?|your project)(?=\W|$)")
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`|(\S+) has no (?:usable )?wheels")
_NETWORK = re.compile(r"(?i)failed to fetch|error sending request|timed out|dns error|certificate")
_REFUSED = re.compile(r"(?i)\b40[13]\b|unauthorized|forbidden|authentication")
_NOT_FOUND = re.compile(r"(?:Because |because )?(\S+) was not found in the package registry")
_TOO_NEW = re.compile(r"filtered by `exclude-newer`")
# Packages without wheels for Linux, and those that replace them; behind each the source.
_TWINS = {
    "cx-oracle": "oracledb",  # python-oracledb.readthedocs.io: the new name of cx_Oracle
    "fasttext": "fasttext-wheel",  # its page on PyPI
    "mysqlclient": "pymysql",  # pymysql.readthedocs.io: its API is largely that of mysqlclient
    "pil": "pillow",  # pillow.readthedocs.io: the fork of PIL
    "psycopg2": "psycopg2-binary",  # psycopg.org/docs/install.html
    "pycrypto": "pycryptodome",  # pycryptodome.org
    "python-levenshtein": "levenshtein",  # its page on PyPI
    "sklearn": "scikit-learn",  # its page on PyPI
    "tensorflow-gpu": "tensorflow",  # its page on PyPI
}


def lacks_wheel(output: str) -> bool:
    """Return whether a resolution failed because a package has no wheel."""
    return bool(_NO_WHEEL.search(output))


def has_twin(name: str) -> bool:
    """Return whether a package has no wheel, in any version, and another one replaces it."""
    return name in _TWINS


def resolution_error(
    output: str, name: str, target: InstallTarget, required: Collection[str], newer: Mapping[str, str]
) -> AwsprovError:
    """Return the error for a failed resolution.

    Arguments:
        output: what uv wrote to stderr, without secrets.
        name: of the requirements file.
        target: the Python and the platform.
        required: the names of the required packages.
        newer: the first version with a wheel of each package whose required version has none.
    """
    lines = (_PROJECT.sub(name, line) for line in output.strip().splitlines())
    why = "\n".join(line for line in lines if line and not line.startswith("warning:"))
    return AwsprovError(
        f"{name} cannot be resolved for {target}. Nothing was changed.",
        why=why,
        remedy=_remedy(output, name, required, newer),
    )


def _remedy(output: str, name: str, required: Collection[str], newer: Mapping[str, str]) -> str:
    if found := _NO_WHEEL.search(output):
        return _without_wheel(canonicalize_name((found[1] or found[2]).partition("=")[0]), required, newer)
    if _REFUSED.search(output):
        return (
            "Check the credentials of the package index: `awsprov help indexes` shows how to allow them for its host."
        )
    if _NETWORK.search(output):
        return "Check the connection to the package index, then run the same command again."
    if _TOO_NEW.search(output):
        return "Choose a later `libraries.as_of` in config.yaml, or remove it."
    if found := _NOT_FOUND.search(output):
        return (
            f"Check the name {found[1]} in {name}. If a package index of your own has it, bind it to this index in "
            f"config.yaml: `libraries: {{indexes: {{{found[1]}: https://…/simple}}}}`."
        )
    return f"Correct {name}."


def _without_wheel(package: str, required: Collection[str], newer: Mapping[str, str]) -> str:
    """Return what to do about a package without a wheel, and about all others that have none."""
    twins = [name for name in {**dict.fromkeys(required), package: None} if name in _TWINS]
    places = [f"{name}=={newer[name]} or later" for name in newer]
    places += [f"{_TWINS[name]} in place of {name}" for name in twins]
    first = f"Require {', '.join(places)}" if places else f"Require a version of {package} that has a wheel"
    built = ", ".join(twins) or package
    return f"{first}. Or let the builder compile {built}, in config.yaml: `libraries: {{build: [{built}]}}`."
