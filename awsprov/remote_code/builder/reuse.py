"""Takes packages that have not changed from the last build: their files, slim and compiled, as hard links.

The result is the same as that of an installation from scratch. So what is doubtful is not taken, and everything is
installed again. The last build is used only if it was published: the file system's tag has the hash of its manifest,
and each file that is taken is compared with the manifest.
"""

import csv
import hashlib
import importlib.metadata
import os
import platform
import re
import sys
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from . import tree
from .built_wheels import DIRECTORY
from .slim import References
from .workspace import INDEX, PACK, Workspace, parsed

_PLACE = re.compile(r"^lib(64)?/python/")  # where pip puts packages, before --target moves everything
_RECORDED = "build"  # the part of a manifest that is for the next build


class ReuseError(Exception):
    """The result might be another one than that of an installation from scratch; the message says why."""


@dataclass(frozen=True)
class Earlier:
    """A build whose packages may be taken.

    Arguments:
        name: its name.
        site: the directory of its packages.
        manifest: its manifest.
    """

    name: str
    site: Path
    manifest: "dict[str, Any]"

    @property
    def files(self) -> tree.Entries:
        """The files in its manifest."""
        found: tree.Entries = self.manifest["files"]
        return found

    @property
    def wheels(self) -> "dict[str, str]":
        """The SHA-256 of the wheel of each package, by the package's directory of metadata."""
        found: dict[str, str] = self.manifest[_RECORDED]["wheels"]
        return found


@dataclass(frozen=True)
class Reused:
    """What was taken.

    Arguments:
        wheels: the SHA-256 of the wheels that need no installation.
        files: the files that were taken, as the manifest describes them.
        deleted: the files of the same packages that were not used, and so were deleted.
        references: what the modules among the files refer to.
        missing_libraries: the shared libraries that Lambda lacks, as `native_libraries.MissingLibrary` has them; None
            if the last build had other packages, too.
    """

    wheels: Collection[str] = ()
    files: tree.Entries = field(default_factory=dict)
    deleted: "frozenset[str]" = frozenset()
    references: References = field(default_factory=References)
    missing_libraries: "list[tuple[str, list[str], str]] | None" = None

    def without(self, deleted: "set[str]") -> "Reused":
        """Return what is left after some files are deleted."""
        return replace(self, files={name: entry for name, entry in self.files.items() if name not in deleted})


NOTHING = Reused()


def record(wheels: "Mapping[str, str]", references: References, missing_libraries: "list[Any]") -> "dict[str, Any]":
    """Return what a manifest has for the next build."""
    about = {"tools": tools(), "wheels": dict(sorted(wheels.items())), "missing_libraries": missing_libraries}
    return {_RECORDED: {**about, "tests": dict(sorted(references.tests.items())), "stubs": sorted(references.stubs)}}


def tools() -> str:
    """Return a hash of what decides the result of a build besides its wheels."""
    versions = [platform.python_version(), importlib.metadata.version("pip"), zlib.ZLIB_RUNTIME_VERSION, sys.executable]
    programs = sorted(resources.files(__package__ or "").iterdir(), key=lambda each: each.name)
    sources = [each.read_text(encoding="utf-8") for each in programs if each.name.endswith((".py", ".txt"))]
    about = [*versions, platform.machine(), *platform.libc_ver(), *sources]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def find(workspace: Workspace, published: "Mapping[str, str]") -> "Earlier | None":
    """Return the last build if it was published.

    Arguments:
        workspace: the working directory.
        published: the SHA-256 of the manifest of each published environment, by name.
    """
    for name, digest in published.items():
        manifest = workspace.manifest(name)
        if hashlib.sha256(manifest).hexdigest() == digest:
            found = parsed(manifest)
            if found.get(_RECORDED, {}).get("tools") == tools():
                return Earlier(name, workspace.site(name), found)
    return None


def take(earlier: Earlier, wheels: Collection[str], site: Path) -> Reused:
    """Link the files of unchanged packages.

    Arguments:
        earlier: the build that has them.
        wheels: the SHA-256 of the wheels of the new build.
        site: the directory of its packages.

    Raises:
        ReuseError: files of the earlier build are not what they must be, or belong to no package or to several.
    """
    try:
        return _take(earlier, wheels, site)
    except (OSError, ValueError, LookupError) as error:
        raise ReuseError(f"the last build is damaged: {error}") from error


def _take(earlier: Earlier, wheels: Collection[str], site: Path) -> Reused:
    installed = {info: _installed(earlier, info) for info in earlier.wheels}
    unchanged = {info for info, digest in earlier.wheels.items() if digest in wheels}
    ours = {name for info in unchanged for name in installed[info]}
    others = {name for info in installed.keys() - unchanged for name in installed[info]}
    files = {name for name in earlier.files if name not in (INDEX, PACK) and not name.startswith(f"{DIRECTORY}/")}
    if strays := sorted(files - ours - others):
        raise ReuseError(f"{strays[0]} belongs to no package")
    if shared := sorted(files & ours & others):
        raise ReuseError(f"{shared[0]} belongs to several packages")
    taken = {name: earlier.files[name] for name in sorted(files & ours)}
    _link(earlier.site, site, taken)
    bytecode = {name for name in ours if name.endswith(".pyc")}  # what is no Python has none
    found = earlier.manifest[_RECORDED]
    references = References(
        {name: directories for name, directories in found["tests"].items() if name in taken},
        frozenset(found["stubs"]) & taken.keys(),
    )
    return Reused(
        {earlier.wheels[info] for info in unchanged},
        taken,
        frozenset(ours - files - bytecode),
        references,
        found["missing_libraries"] if unchanged == installed.keys() else None,
    )


def _installed(earlier: Earlier, info: str) -> "set[str]":
    """Return the files of a package, with the bytecode of its modules."""
    name = f"{info}/RECORD"
    if not tree.matches(earlier.site / name, earlier.files[name]):
        raise ReuseError(f"{name} is not what the manifest says")
    rows = csv.reader((earlier.site / name).read_text(encoding="utf-8").splitlines())
    names = {_PLACE.sub("", normpath(join("lib/python", row[0]))) for row in rows if row}
    return names | {tree.bytecode(each) for each in names if each.endswith(".py")}


def _link(earlier: Path, site: Path, files: tree.Entries) -> None:
    """Link files, each of which must be as described."""

    def link(name: str) -> None:
        if "link" in files[name] or not tree.matches(earlier / name, files[name]):
            raise ReuseError(f"{name} is not what the manifest says")
        (site / name).hardlink_to(earlier / name)

    processors = os.cpu_count() or 1
    tree.create_directories(site, files, processors)
    tree.mapped(link, list(files), processors)


def add(new: Path, site: Path) -> None:
    """Move newly installed packages beside those that were taken.

    Raises:
        ReuseError: two packages have a file of the same name; then it matters which is installed last.
    """
    for name in sorted(tree.walk(new)):
        target = site / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ReuseError(f"{error.filename} belongs to several packages") from error
        if os.path.lexists(target):
            raise ReuseError(f"{name} belongs to several packages")
        (new / name).rename(target)
