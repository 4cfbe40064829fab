"""Packages that are directories of this machine and that the builder compiles: their metadata and their source.

Code of a package runs here only to learn metadata that is not static. Nothing is compiled here.
"""

import gzip
import io
import os
import tarfile
from collections.abc import Collection
from pathlib import Path

from packaging.utils import canonicalize_name, parse_sdist_filename

from awsprov.files import write_atomically
from awsprov.packaging.local_builds import built_file, kept_file
from awsprov.packaging.local_package import LocalPackage, Metadata
from awsprov.packaging.requirements import Requirements
from awsprov.packaging.source_distributions import metadata_of
from awsprov.paths import cache_directory


def metadata_for_builder(
    package: LocalPackage, compiled: Collection[str], wanted: Requirements, *, build: bool
) -> Metadata | None:
    """Return the metadata of a package; None if the builder does not build it, or if it is not known.

    Arguments:
        package: the package.
        compiled: the names of the packages that the builder builds.
        wanted: the requirements, whose indexes have its build backend.
        build: whether code of the package may run to learn its metadata.

    Raises:
        AwsprovError: the metadata cannot be learned.
    """
    if not compiled:
        return None
    metadata = package.metadata or _of_distribution(package, wanted, build=build)
    return metadata if metadata and canonicalize_name(metadata.name) in compiled else None


def _of_distribution(package: LocalPackage, wanted: Requirements, *, build: bool) -> Metadata | None:
    """Return the metadata that the package's own source distribution has, which is in the cache or made now."""
    path = built_file(package, wanted, "sdist") if build else kept_file(package, "sdist")
    if path is None:
        return None
    name, version = parse_sdist_filename(path.name)
    found = metadata_of(path)
    return Metadata(name, str(version), found.requires, found.extras)


def source_archive(package: LocalPackage, name: str, version: str) -> Path:
    """Return an archive of the files of a package, in the form of a source distribution.

    The same files give the same archive, so that the builder recognizes what it has built before.

    Arguments:
        package: the package.
        name: its name.
        version: its version.
    """
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    content = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=content, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as archive,
    ):
        for member in package.files():
            _add(archive, package, member, f"{stem}/{member}")
    path = cache_directory() / "sources" / package.digest / f"{stem}.tar.gz"
    write_atomically(path, content.getvalue())
    return path


def _add(archive: tarfile.TarFile, package: LocalPackage, file: str, member: str) -> None:
    content, about = package.read(file), tarfile.TarInfo(member)
    about.size, about.mode = len(content), 0o755 if os.access(package.directory / file, os.X_OK) else 0o644
    archive.addfile(about, io.BytesIO(content))
