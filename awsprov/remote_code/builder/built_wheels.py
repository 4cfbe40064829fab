"""The wheels that were built from source distributions: on the builder's disk, and in the environments that use them.

An environment on the file system has the wheels that it was built with, so that another builder does not compile them
again. They are read through its manifest, and only if the manifest has the hash that awsprov recorded.
"""

import hashlib
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from . import build_tools, tree
from .workspace import MANIFEST, parsed, report

DIRECTORY = "awsprov-wheels"  # in an environment; no package can have this name


def directory_of(work: Path, source: Path, packages: Iterable[str]) -> Path:
    """Return the directory on the builder's disk for the wheel of a source distribution.

    Its name is a hash of all that the wheel is built from, except what it requires for the build.

    Arguments:
        work: the working directory of the builder.
        source: the source distribution.
        packages: the system packages that were installed for the build.
    """
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    python = ".".join(map(str, sys.version_info[:2]))
    about = [digest, python, platform.machine(), *platform.libc_ver(), build_tools.VERSION, *sorted(packages)]
    return work / "built" / hashlib.sha256("\n".join(about).encode()).hexdigest()[:16]


def wheel_in(directory: Path) -> Path | None:
    """Return the wheel in a directory of `directory_of`; None if none was built."""
    return next(iter(directory.glob("*.whl")), None)


def store(wheel: Path, directory: Path, entry: tree.Entry | None = None) -> Path:
    """Copy a wheel to a directory of `directory_of`, which appears complete or not at all; return the copy.

    Arguments:
        wheel: the wheel.
        directory: the directory, which does not exist.
        entry: the description that the wheel must have; None for the one that it has.

    Raises:
        OSError: it has another one, or cannot be copied.
    """
    scratch = directory.with_name(f".{directory.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    tree.copy(wheel, scratch / wheel.name, entry or tree.published(tree.describe(wheel)))
    scratch.rename(directory)
    return directory / wheel.name


def entries_of(wheels: Iterable[Path]) -> tree.Entries:
    """Return the descriptions of wheels, by the names that they have in an environment."""
    return {_name(wheel): tree.published(tree.describe(wheel)) for wheel in wheels}


def add(wheels: Iterable[Path], site: Path, entries: tree.Entries) -> None:
    """Copy wheels to a build.

    Arguments:
        wheels: the wheels.
        site: the directory of the build's files.
        entries: the descriptions that they must have, as of `entries_of`.

    Raises:
        OSError: one has another one.
    """
    for wheel in wheels:
        target = site / _name(wheel)
        target.parent.mkdir(tree.DIRECTORY, parents=True)
        tree.copy(wheel, target, entries[_name(wheel)])


def _name(wheel: Path) -> str:
    return f"{DIRECTORY}/{wheel.parent.name}/{wheel.name}"


def fetch(directories: Iterable[Path], root: Path, manifests: Mapping[str, str]) -> None:
    """Copy the wheels that are missing on this builder from environments on the file system.

    What has another hash than the recorded one is not used, so that it is built again.

    Arguments:
        directories: the directories of the wheels, as of `directory_of`.
        root: where the file system is mounted.
        manifests: the SHA-256 of the manifest of each environment, by the environment's name, as awsprov recorded it;
            the first that has a wheel is used.
    """
    missing = {directory.name: directory for directory in directories if not directory.exists()}
    for name, digest in manifests.items():
        if not missing:
            return
        try:
            _fetch(missing, root / "envs" / name, digest)
        except OSError as error:
            report(f"the wheels of environment {name} are not used: {error}")
        missing = {key: directory for key, directory in missing.items() if not directory.exists()}


def _fetch(missing: Mapping[str, Path], environment: Path, digest: str) -> None:
    """Copy those wheels that an environment has, given their directories by name."""
    for name, entry in _entries(environment, digest).items():
        parts = PurePosixPath(name).parts
        if parts[0] == DIRECTORY and parts[1] in missing:
            wheel = store(environment / name, missing[parts[1]], entry)
            report(f"{wheel.name} is from environment {environment.name}, where it was built")


def _entries(environment: Path, digest: str) -> tree.Entries:
    """Return the files in an environment's manifest.

    Raises:
        OSError: the manifest does not exist, or has another hash.
    """
    manifest = (environment / MANIFEST).read_bytes()
    if hashlib.sha256(manifest).hexdigest() != digest:
        raise OSError("its manifest is not the one that was published")
    entries: tree.Entries = parsed(manifest)["files"]
    return entries
