"""requirements.txt read with care: pip is given plain names and versions, never a place on this machine."""

import re
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# Options that pip may find in the file itself, one a line; they are never put on a command line.
_SWITCHES = ("--pre", "--prefer-binary")
_WITH_VALUE = ("--index-url", "-i", "--extra-index-url", "--find-links", "--trusted-host")
_COMMENT = re.compile(r"(^|\s)#.*")
_OPTION = re.compile(r"(-[^\s=]+)[\s=]*(.*)")
_FILES = (".whl", ".zip", ".tar", ".gz", ".bz2", ".xz", ".tgz")  # pip takes such a name for a file beside it


def problems(path: Path) -> list[str]:
    """What in the file awsprov cannot install, each with its line number; empty when all is well."""
    try:
        text = read(path)
    except (OSError, UnicodeDecodeError) as error:
        return [f"{path.name} cannot be read: {error}"]
    return [f"{path.name}:{number}: {found}" for number, line in lines(text) if (found := _problem(line))]


def read(path: Path) -> str:
    """The file's text, without the mark that some editors put first."""
    return path.read_text(encoding="utf-8-sig")


def lines(text: str) -> list[tuple[int, str]]:
    """The lines that count, continued ones joined, without comments, with the number of their first line."""
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
    """The lines that are options of pip: where to find packages."""
    return [line for _, line in lines(text) if line.startswith("-")]


def _problem(line: str) -> str:
    if option := _OPTION.fullmatch(line):
        return _option_problem(option[1], option[2].split())
    wanted, *options = re.split(r"\s+(?=--)", line)
    if other := [each for each in options if not each.startswith("--hash=")]:
        return f"{other[0].split('=')[0]} is not supported: wheels are installed as they are"
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return f"{wanted!r} is no package with a version, as in `scikit-learn>=1.5`"
    if requirement.url or requirement.name.endswith(_FILES):
        return f"{wanted!r} names a place; only packages from an index can be installed"
    return ""


def _option_problem(name: str, values: list[str]) -> str:
    if name not in (*_SWITCHES, *_WITH_VALUE):
        return f"{name} is not supported: write the packages out"
    return "" if len(values) == (name in _WITH_VALUE) else f"{name} needs a line of its own"
