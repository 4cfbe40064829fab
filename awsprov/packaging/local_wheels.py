"""Wheels of packages that are directories of this machine: what is resolved, and what is sent to the builder."""

import hashlib
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from awsprov.errors import AwsprovError, RefusedError
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.local_builds import built_file, kept_file
from awsprov.packaging.local_package import LocalPackage, Metadata
from awsprov.packaging.local_sources import metadata_for_builder
from awsprov.packaging.requirements import Requirements


class BuildNeededError(RefusedError):
    """What a package requires is not known before it is built, and it may not be built now.

    Arguments:
        package: the directory of the package.
    """

    def __init__(self, package: Path) -> None:
        super().__init__(
            f"{package.name} has to be built before it is known what it requires: its metadata is dynamic.",
            why="This command builds nothing, because a build runs code of the package.",
            remedy="`awsprov lock` builds it.",
        )


@dataclass(frozen=True)
class LocalWheel:
    """A wheel of a local package.

    Arguments:
        path: the file; one that was not built has metadata only.
        name: the package's normalized name.
        version: its version.
    """

    path: Path
    name: str
    version: str

    @classmethod
    def of(cls, path: Path) -> "LocalWheel":
        """Return a wheel, with name and version from the name of its file."""
        name, version, *_ = parse_wheel_filename(path.name)
        return cls(path, name, str(version))


def must_be_built(package: LocalPackage, compiled: Collection[str], wanted: Requirements) -> bool:
    """Return whether a package has to be built before it is known what it requires; arguments as `wheel_to_resolve`."""
    known = package.metadata or kept_file(package, "wheel")
    return not (known or metadata_for_builder(package, compiled, wanted, build=False))


def wheel_to_resolve(
    package: LocalPackage, wanted: Requirements, scratch: Path, *, compiled: Collection[str], build: bool
) -> LocalWheel:
    """Return a wheel whose metadata has the requirements of a package.

    Arguments:
        package: the package.
        wanted: the requirements, whose indexes have its build backend.
        scratch: a directory for a wheel without contents.
        compiled: the names of the packages that the builder builds.
        build: whether it may be built.

    Raises:
        BuildNeededError: it has to be built, and may not.
        AwsprovError: the build failed.
    """
    if metadata := metadata_for_builder(package, compiled, wanted, build=build):
        return LocalWheel.of(_metadata_wheel(metadata, scratch))
    if build:
        return LocalWheel.of(built_file(package, wanted, "wheel"))
    if found := kept_file(package, "wheel"):
        return LocalWheel.of(found)
    if metadata := package.metadata:
        return LocalWheel.of(_metadata_wheel(metadata, scratch))
    raise BuildNeededError(package.directory)


def check_target(package: LocalPackage, wheel: LocalWheel, target: InstallTarget) -> None:
    """Check that the wheel of a package, which was built on this machine, fits the functions.

    Raises:
        AwsprovError: it does not: it has compiled code.
    """
    if target.rank(wheel.path.name) >= 0 and (not target.platform or wheel.path.name.endswith("-any.whl")):
        return
    raise AwsprovError(
        f"The package {package.directory} has compiled code, and {wheel.path.name} was built on this machine, "
        f"not for {target}.",
        why="Only the builder has the functions' Python and system libraries.",
        remedy=f"Add `build: [{wheel.name}]` to `libraries` in config.yaml, so that the builder compiles it, and "
        "`packages: [gcc]` to `builder`, with what else it needs.",
    )


def file_hash(path: Path) -> str:
    """Return the hash of a file, as `sha256:…`."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _metadata_wheel(metadata: Metadata, scratch: Path) -> Path:
    """Write a wheel with metadata only, which uv resolves like the package."""
    lines = ["Metadata-Version: 2.1", f"Name: {metadata.name}", f"Version: {metadata.version}"]
    lines += [f"Provides-Extra: {each}" for each in metadata.extras]
    lines += [f"Requires-Dist: {each}" for each in metadata.requires]
    stem = f"{canonicalize_name(metadata.name).replace('-', '_')}-{metadata.version}"
    directory = scratch / "local"
    directory.mkdir(exist_ok=True)
    path = directory / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join([*lines, ""]))
        archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return path
