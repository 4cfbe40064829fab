"""requirements.txt read with care: pip is given plain names and versions, never a place on this machine."""

from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# Options that pip may find in the file itself; they are never put on a command line.
_ALLOWED = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host", "--pre", "--prefer-binary", "-i ")


def problems(path: Path) -> list[str]:
    """What in the file awsprov cannot install, each with its line number; empty when all is well."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [f"{path.name} cannot be read: {error}"]
    return [f"{path.name}:{number}: {found}" for number, line in lines(text) if (found := _problem(line))]


def lines(text: str) -> list[tuple[int, str]]:
    """The lines that count, continued ones joined, without comments, with the number of their first line."""
    found: list[tuple[int, str]] = []
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if pending else number
        pending += "" if raw.lstrip().startswith("#") else raw.split(" #")[0].rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        if pending.strip():
            found.append((first, pending.strip()))
        pending = ""
    return [*found, (first, pending.strip())] if pending.strip() else found


def _problem(line: str) -> str:
    if line.startswith(_ALLOWED):
        return ""
    if line.startswith("-"):
        return f"{line.split(maxsplit=1)[0]} is not supported: write the packages out"
    wanted = line.split(" --", maxsplit=1)[0].strip()
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return f"{wanted!r} is no package with a version, as in `scikit-learn>=1.5`"
    return f"{wanted!r} names an address; only packages from an index can be installed" if requirement.url else ""
