"""Packages that are directories of this machine: the files of their source, and the metadata that needs no build."""

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from awsprov.errors import UsageError
from awsprov.files import expand_home, read_limited

MAX_FILES, MAX_SIZE = 20_000, 512 * 1024**2  # files, and bytes of one
_MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg")
_NOISE = re.compile(r"\..*|__pycache__|node_modules|.*\.(pyc|egg-info)")
_NOISE_AT_TOP = re.compile(r"build|dist|.*\.lock")  # what builds and locks of tools write
_EXTRAS = re.compile(r"(?P<path>.*?)(\[(?P<extras>[^\[\]]*)\])?")
_digests: dict[tuple[tuple[str, int, int], ...], str] = {}  # by name, size and time of change of each file


@dataclass(frozen=True)
class Metadata:
    """The metadata in a package's pyproject.toml, without a build.

    Arguments:
        name: its name.
        version: its version.
        requires: its requirements; those of an extra have a marker.
        extras: the names of its extras.
    """

    name: str
    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]


@dataclass(frozen=True)
class LocalPackage:
    """A package whose source is a directory of this machine.

    Arguments:
        directory: its absolute path.
        extras: the extras that are required.
        marker: the marker of the requirement; empty for none.
    """

    directory: Path
    extras: tuple[str, ...] = ()
    marker: str = ""

    def requirement(self, name: str, wheel: Path) -> str:
        """Return the requirement for a wheel of it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{name}{extras} @ {wheel.as_uri()}{f' ; {self.marker}' if self.marker else ''}"

    def files(self) -> list[str]:
        """Return the names of the files that a build gets, in order: none that are hidden, or that a build wrote.

        Raises:
            UsageError: there are too many.
        """
        found: list[str] = []
        for at, directories, names in os.walk(self.directory):
            below = Path(at).relative_to(self.directory)
            directories[:] = sorted(each for each in directories if self._counts(below / each))
            found += [(below / each).as_posix() for each in names if self._counts(below / each)]
            if len(found) > MAX_FILES:
                raise UsageError(
                    f"The package {self.directory} has more than {MAX_FILES} files.",
                    remedy="Require the directory of the package alone.",
                )
        return sorted(found)

    def _counts(self, name: Path) -> bool:
        if _NOISE.fullmatch(name.name) or (len(name.parts) == 1 and _NOISE_AT_TOP.fullmatch(name.name)):
            return False
        return not (self.directory / name / "pyvenv.cfg").exists()

    @property
    def digest(self) -> str:
        """The hash of its files, which is the same on every machine. What has not changed is not read again."""
        paths = [(name, self.directory / name) for name in self.files()]
        regular = [(name, path.stat()) for name, path in paths if path.is_file()]
        key = (("", 0, 0), *((str(self.directory / name), found.st_size, found.st_mtime_ns) for name, found in regular))
        if key not in _digests:
            lines = [f"{name} {hashlib.sha256(self.read(name)).hexdigest()}" for name, _ in regular]
            _digests[key] = hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
        return _digests[key]

    def read(self, name: str) -> bytes:
        """Return the content of one of its files.

        Raises:
            UsageError: it cannot be read.
        """
        try:
            return read_limited(self.directory / name, MAX_SIZE)
        except OSError as error:
            raise UsageError(
                f"{self.directory / name} cannot be read.",
                why=str(error.strerror),
                remedy="Correct its permissions, or move it out of the package.",
            ) from error

    @property
    def metadata(self) -> Metadata | None:
        """Its metadata; None if it is dynamic, so that the package has to be built to know it."""
        project = read_pyproject(self.directory).get("project", {})
        try:
            if {"version", "dependencies", "optional-dependencies"} & set(project.get("dynamic", [])):
                return None
            extras = {str(name): list(each) for name, each in project.get("optional-dependencies", {}).items()}
            requires = [str(Requirement(each)) for each in project.get("dependencies", [])]
            requires += [_of_extra(name, text) for name, texts in extras.items() for text in texts]
            return Metadata(str(project["name"]), str(Version(project["version"])), tuple(requires), tuple(extras))
        except (LookupError, TypeError, ValueError, AttributeError):
            return None


def _of_extra(name: str, text: str) -> str:
    """Return a requirement of an extra."""
    requirement, condition = Requirement(text), f'extra == "{name}"'
    marker = f"({requirement.marker}) and {condition}" if requirement.marker else condition
    requirement.marker = None
    return f"{requirement} ; {marker}"


def local_package(text: str, base: Path) -> LocalPackage | None:
    """Return the package of a requirement that is a directory, as `./pkg[extra] ; marker`; None if it is none.

    Arguments:
        text: the requirement.
        base: the directory that its path is relative to.

    Raises:
        ValueError: the directory is no Python project.
    """
    place, _, marker = text.partition(" ;")
    found = _EXTRAS.fullmatch(place.strip())
    if not found or not found["path"]:
        return None
    directory = Path(os.path.normpath(base.absolute() / expand_home(Path(found["path"]))))
    if not directory.is_dir() or ("/" not in found["path"] and found["path"] not in (".", "..")):
        return None
    extras = tuple(sorted(each.strip() for each in (found["extras"] or "").split(",") if each.strip()))
    return checked(LocalPackage(directory, extras, marker.strip()))


def checked(package: LocalPackage) -> LocalPackage:
    """Return a package.

    Raises:
        ValueError: its directory is no Python project.
    """
    if not any((package.directory / name).is_file() for name in _MANIFESTS):
        raise ValueError("the directory is no Python project: it has no pyproject.toml and no setup.py")
    return package


def with_their_own(packages: list[LocalPackage]) -> list[LocalPackage]:
    """Return packages with the directories that they require in turn, by `[tool.uv.sources]`, each once."""
    found: dict[Path, LocalPackage] = {}
    waiting = list(packages)
    while waiting:
        package = waiting.pop(0)
        if package.directory not in found:
            found[package.directory] = package
            waiting += _required_by(package)
    return list(found.values())


def _required_by(package: LocalPackage) -> Iterator[LocalPackage]:
    sources = local_sources(package.directory)
    for text in package.metadata.requires if package.metadata else ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        if name in sources and (requirement.marker is None or "extra" not in str(requirement.marker)):
            yield checked(LocalPackage(sources[name], tuple(sorted(requirement.extras)), str(requirement.marker or "")))


def local_sources(directory: Path) -> dict[str, Path]:
    """Return the directories of `[tool.uv.sources]` in a project and in its workspace, by package."""
    root, members = _workspace(directory)
    sources: dict[str, Path] = {}
    for home in dict.fromkeys((root, directory)):
        for name, source in _uv(read_pyproject(home)).get("sources", {}).items():
            if not isinstance(source, dict):
                continue
            key = canonicalize_name(name)
            if source.get("workspace") and key in members:
                sources[key] = members[key]
            elif isinstance(source.get("path"), str) and not source["path"].endswith((".whl", ".gz", ".zip")):
                sources[key] = Path(os.path.normpath(home / source["path"]))
    return sources


def _workspace(directory: Path) -> tuple[Path, dict[str, Path]]:
    """Return the root of the workspace of a project, and the directories of its members by name."""
    for root in (directory, *directory.parents):
        patterns = _uv(read_pyproject(root)).get("workspace", {}).get("members", [])
        if patterns:
            paths = [path for each in patterns if isinstance(each, str) for path in sorted(root.glob(each))]
            named = {path: read_pyproject(path).get("project", {}).get("name") for path in paths}
            return root, {canonicalize_name(name): path for path, name in named.items() if isinstance(name, str)}
    return directory, {}


def _uv(document: Mapping[str, Any]) -> Mapping[str, Any]:
    settings = document.get("tool", {}).get("uv", {})
    return settings if isinstance(settings, dict) else {}


def read_pyproject(directory: Path) -> dict[str, Any]:
    """Return the content of a directory's pyproject.toml; empty if there is none, or if it is not valid."""
    try:
        document = tomllib.loads(read_limited(directory / "pyproject.toml", 1024 * 1024).decode())
    except (OSError, ValueError, RecursionError):
        return {}
    tables = ("project", "tool")
    return {key: value for key, value in document.items() if key not in tables or isinstance(value, dict)}
