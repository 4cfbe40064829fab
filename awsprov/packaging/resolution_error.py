"""Turns the output of a failed resolution into an error that says what to do."""

import re
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name

from awsprov.errors import AwsprovError
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.well_known import TWINS, can_be_compiled, nearest_package

SCRATCH_PROJECT = "awsprov-requirements"  # the name of the project that uv resolves
_PROJECT = re.compile(rf"\b(?:{SCRATCH_PROJECT}(?:==0)?|your project)(?=\W|$)")
_NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`|(\S+) has no (?:usable )?wheels")
_HAS_SOURCE = re.compile(r"Wheels are required for `([^`]+)`")  # because uv may not build its source distribution
_NETWORK = re.compile(r"(?i)failed to fetch|error sending request|timed out|dns error|certificate")
_REFUSED = re.compile(r"(?i)\b40[13]\b|unauthorized|forbidden|authentication")
_NOT_FOUND = re.compile(r"(\S+) was not found in the (?:package registry|provided package locations)")
_TOO_NEW = re.compile(r"filtered by `exclude-newer`")


def lacks_wheel(output: str) -> bool:
    """Return whether a resolution failed because a package has no wheel."""
    return bool(_NO_WHEEL.search(output))


def has_twin(name: str) -> bool:
    """Return whether a package has no wheel, in any version, and another one replaces it."""
    return name in TWINS


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
        remedy=_remedy(output, name, target, required, newer),
    )


def _remedy(output: str, name: str, target: InstallTarget, required: Collection[str], newer: Mapping[str, str]) -> str:
    if _NO_WHEEL.search(output):
        later = " Or choose a later `libraries.as_of`." if _TOO_NEW.search(output) else ""
        return _without_wheel(output, required, newer, target) + later
    if _REFUSED.search(output):
        return (
            "Check the credentials of the package index: `awsprov help indexes` shows how to allow them for its host."
        )
    if _NETWORK.search(output):
        return "Check the connection to the package index, then run the same command again."
    if _TOO_NEW.search(output):
        return "Choose a later `libraries.as_of` in config.yaml, or remove it."
    if found := _NOT_FOUND.search(output):
        return _unknown(found[1], name)
    return f"Correct {name}."


def _unknown(package: str, name: str) -> str:
    """Return what to do about a package that no index has."""
    near = nearest_package(package)
    check = f"Did you mean {near}? Correct {package} in {name}." if near else f"Check the name {package} in {name}."
    return (
        f"{check} If a package index of your own has it, bind it to this index in config.yaml: "
        f"`libraries: {{indexes: {{{package}: https://…/simple}}}}`."
    )


def _without_wheel(output: str, required: Collection[str], newer: Mapping[str, str], target: InstallTarget) -> str:
    """Return what to do about the packages without a wheel.

    The builder can compile one that has a source distribution, but rarely an old version: what it was written for is
    another Python.
    """
    found = _NO_WHEEL.search(output)
    package = canonicalize_name(re.split(r"[<>=!~]", found[1] or found[2])[0]) if found else ""
    twins = [name for name in {**dict.fromkeys(required), package: None} if name in TWINS]
    places = [f"{name}=={newer[name]} or later" for name in newer]
    places += [f"{TWINS[name]} in place of {name}" for name in twins]
    python = f"Python {target.python}"
    first = f"Require {', '.join(places)}" if places else f"Require a version of {package} with a wheel for {python}"
    sources = {canonicalize_name(each) for each in _HAS_SOURCE.findall(output)}
    built = [name for name in (twins or sources) if name not in newer and can_be_compiled(name)]
    names = ", ".join(sorted(built))
    compiled = f" Or let the builder compile {names}, in config.yaml: `libraries: {{build: [{names}]}}`."
    old = f" What is required has no wheel for {python}." if newer else ""
    return f"{first}.{old}{compiled if names else ''}"
