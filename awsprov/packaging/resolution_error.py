"""Turns the output of a failed resolution into an error that says what to do."""

import re

from awsprov.errors import AwsprovError
from awsprov.packaging.install_target import InstallTarget

_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`|(\S+) has no (?:usable )?wheels")
_NETWORK = re.compile(r"(?i)failed to fetch|error sending request|timed out|dns error|certificate")
_REFUSED = re.compile(r"(?i)\b40[13]\b|unauthorized|forbidden|authentication")
_NOT_FOUND = re.compile(r"(?:Because |because )?(\S+) was not found in the package registry")
_TOO_NEW = re.compile(r"filtered by `exclude-newer`")
# Packages whose wheels have another name (psycopg.org/docs/install.html, pycryptodome.org, pypi.org/project/sklearn).
_TWINS = {"psycopg2": "psycopg2-binary", "pycrypto": "pycryptodome", "sklearn": "scikit-learn"}


def resolution_error(output: str, name: str, target: InstallTarget) -> AwsprovError:
    """Return the error for a failed resolution.

    Arguments:
        output: what uv wrote to stderr, without secrets.
        name: of the requirements file.
        target: the Python and the platform.
    """
    why = "\n".join(line for line in output.strip().splitlines() if line and not line.startswith("warning:"))
    return AwsprovError(
        f"{name} cannot be resolved for {target}. Nothing was changed.", why=why, remedy=_remedy(output, name)
    )


def _remedy(output: str, name: str) -> str:
    if found := _NO_WHEEL.search(output):
        package = (found[1] or found[2]).partition("=")[0]
        twin = f"{_TWINS[package]}, which has wheels" if package in _TWINS else "another package"
        return f"Require a version of {package} that has a wheel, or {twin}: awsprov compiles nothing."
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
