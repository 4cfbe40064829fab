"""Reads and validates requirements.txt: only package names and versions are allowed, no URLs and no local paths."""

import re
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# The pip options that may be in the file, one a line. They are never passed on a command line.
_SWITCHES = ("--pre", "--prefer-binary")
_WITH_VALUE = ("--index-url", "-i", "--extra-index-url", "--find-links", "--trusted-host")
_COMMENT = re.compile(r"(^|\s)#.*")
_OPTION = re.compile(r"(-[^\s=]+)[\s=]*(.*)")
_FILES = (".whl", ".zip", ".tar", ".gz", ".bz2", ".xz", ".tgz")  # pip would take such a name for a local file


def problems(path: Path) -> list[str]:
    """Return what awsprov cannot install, each with its line number; empty if the file is valid."""
    try:
        text = read(path)
    except (OSError, UnicodeDecodeError) as error:
        return [f"{path.name} cannot be read: {error}"]
    return [f"{path.name}:{number}: {found}" for number, line in lines(text) if (found := _problem(line))]


def read(path: Path) -> str:
    """Return the text of a file, without a byte order mark."""
    return path.read_text(encoding="utf-8-sig")


def lines(text: str) -> list[tuple[int, str]]:
    """Return the logical lines without comments, each with the number of its first line; continued lines are joined."""
    found: list[tuple[int, str]] = []
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if pending else number
        pending += _COMMENT.sub("", raw).rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        if pending.strip():
            found.append((first, pending.strip()))
        pending = ""
    return [*found, (first, pending.strip())] if pending.strip() else found


def options(text: str) -> list[str]:
    """Return the lines that are pip options, such as --index-url."""
    return [line for _, line in lines(text) if line.startswith("-")]


def _problem(line: str) -> str:
    if option := _OPTION.fullmatch(line):
        return _option_problem(option[1], option[2].split())
    wanted, *options = re.split(r"\s+(?=--)", line)
    if other := [each for each in options if not each.startswith("--hash=")]:
        return f"{other[0].split('=')[0]} is not supported: awsprov installs wheels without options"
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return f"{wanted!r} is not a valid requirement, as in `scikit-learn>=1.5`"
    if requirement.url or requirement.name.endswith(_FILES):
        return f"{wanted!r} is a URL or a file; only packages from an index can be installed"
    return ""


def _option_problem(name: str, values: list[str]) -> str:
    if name not in (*_SWITCHES, *_WITH_VALUE):
        return f"{name} is not supported; list the packages instead"
    return "" if len(values) == (name in _WITH_VALUE) else f"{name} must be on a line of its own"
