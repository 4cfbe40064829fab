"""Wheels of packages that are directories of this machine. They are built by uv, and kept in the user's cache.

A build runs code of the package and of its build backend. It runs in a process of its own, in a copy of the files that
the hash is of, with an environment without credentials and another home directory.
"""

import hashlib
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from awsprov.errors import AwsprovError, RefusedError
from awsprov.files import write_atomically
from awsprov.packaging import uv_process
from awsprov.packaging.index_access import variables_in
from awsprov.packaging.local_package import LocalPackage, Metadata
from awsprov.packaging.requirement_lines import is_url
from awsprov.packaging.requirements import Requirements
from awsprov.paths import cache_directory

_SHOWN = 20  # lines of a failed build's output
_EPOCH = "315532800"  # the first time that a zip can have: the same source gives the same wheel


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


def must_be_built(package: LocalPackage) -> bool:
    """Return whether a package has to be built before it is known what it requires."""
    return package.metadata is None and _cached(package) is None


def wheel_to_resolve(package: LocalPackage, wanted: Requirements, scratch: Path, *, build: bool) -> LocalWheel:
    """Return a wheel that says what a package requires.

    Arguments:
        package: the package.
        wanted: the requirements, whose indexes have its build backend.
        scratch: a directory for a wheel without contents.
        build: whether it may be built.

    Raises:
        BuildNeededError: it has to be built, and may not.
        AwsprovError: the build failed.
    """
    if build:
        return built_wheel(package, wanted)
    if found := _cached(package):
        return LocalWheel.of(found)
    if metadata := package.metadata:
        return LocalWheel.of(_metadata_wheel(metadata, scratch))
    raise BuildNeededError(package.directory)


def built_wheel(package: LocalPackage, wanted: Requirements) -> LocalWheel:
    """Return the wheel of a package, from the cache if it was built before from the same files.

    Raises:
        AwsprovError: the build failed.
    """
    if found := _cached(package):
        return LocalWheel.of(found)
    directory = _cache(package)
    with uv_process.scratch_directory() as scratch:
        wheel = _build(package, wanted, scratch)
        write_atomically(directory / wheel.name, wheel.read_bytes())
    return LocalWheel.of(directory / wheel.name)


def file_hash(path: Path) -> str:
    """Return the hash of a file, as `sha256:…`."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _cache(package: LocalPackage) -> Path:
    return cache_directory() / "wheels" / package.digest


def _cached(package: LocalPackage) -> Path | None:
    return next(iter(sorted(_cache(package).glob("[!.]*.whl"))), None)


def _build(package: LocalPackage, wanted: Requirements, scratch: Path) -> Path:
    source, home = scratch / package.directory.name, scratch / ".home"
    for name in package.files():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(package.read(name))
        shutil.copymode(package.directory / name, target)
    home.mkdir()
    arguments = ["build", "--wheel", "--no-sources", "--color=never", f"--out-dir={scratch / 'out'}", str(source)]
    own = {"HOME": str(home), "UV_CACHE_DIR": str(uv_process.cache()), "SOURCE_DATE_EPOCH": _EPOCH}
    settings = {"XDG_CONFIG_HOME": str(uv_process.settings_directory())}
    ran = uv_process.run(scratch, [*arguments, f"--python={sys.executable}", *_indexes(wanted)], {**own, **settings})
    wheels = list((scratch / "out").glob("*.whl"))
    if ran.returncode or len(wheels) != 1:
        raise AwsprovError(
            f"The package {package.directory} could not be built. Nothing was changed.",
            why="\n".join(f"{ran.stdout}\n{ran.stderr}".strip().splitlines()[-_SHOWN:]),
            remedy="Correct its pyproject.toml or setup.py; `pip wheel` builds it in the same way.",
        )
    return wheels[0]


def _indexes(wanted: Requirements) -> list[str]:
    """Return the options for the indexes that have the build backend: those without credentials."""
    links = [f"--find-links={link}" for link in wanted.find_links if not variables_in(link)]
    index = wanted.index_url if is_url(wanted.index_url) and not variables_in(wanted.index_url) else ""
    return [*links, *(["--no-index"] if wanted.no_index else []), *([f"--default-index={index}"] if index else [])]


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
