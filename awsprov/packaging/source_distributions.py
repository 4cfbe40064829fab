"""Source distributions: they are downloaded and read here, and built on the builder. Nothing of them is run here."""

import email
import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO

from packaging.requirements import InvalidRequirement, Requirement

from awsprov.errors import AwsprovError
from awsprov.files import read_limited, write_atomically
from awsprov.packaging.index_request import open_url
from awsprov.packaging.requirement_lines import file_name, file_path
from awsprov.paths import cache_directory

MAX_SIZE = 512 * 1024**2  # bytes
_MAX_METADATA = 1024 * 1024
_TIMEOUT = 60.0  # seconds without an answer
_SUFFIXES = (".tar.gz", ".zip")
_OTHER = "Pin another release of the package, such as one with a wheel."


@dataclass(frozen=True)
class SourceMetadata:
    """The metadata of a source distribution, without a build.

    Arguments:
        requires: its requirements; those of an extra have a marker.
        extras: the names of its extras.
    """

    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def is_source(place: str) -> bool:
    """Return whether a URL or path is that of a source distribution."""
    return file_name(place).endswith(_SUFFIXES)


def fetch(url: str, digest: str) -> Path:
    """Return a source distribution, from the cache if it was downloaded before.

    Arguments:
        url: its URL, with credentials if its server needs some.
        digest: its hash, as `sha256:…`.

    Raises:
        AwsprovError: it cannot be downloaded, or has another hash.
    """
    path = cache_directory() / "sources" / digest.removeprefix("sha256:") / file_name(url)
    if path.is_file() and _hash(path.read_bytes()) == digest:
        return path
    content = _download(url)
    if _hash(content) != digest:
        raise AwsprovError(
            f"{file_name(url)} has another hash than the one that was locked.", remedy="Run `awsprov lock --upgrade`."
        )
    write_atomically(path, content)
    return path


def metadata_of(path: Path) -> SourceMetadata:
    """Return the requirements of a source distribution, from its PKG-INFO or setuptools' requires.txt."""
    files = {PurePosixPath(name).parts[1:]: content for name, content in _texts(path)}
    message = email.message_from_string(files.get(("PKG-INFO",), ""))
    requires = [str(each) for each in message.get_all("Requires-Dist", [])]
    if not requires:
        requires = next((_required(text) for parts, text in files.items() if parts[-1:] == ("requires.txt",)), [])
    return SourceMetadata(tuple(filter(_is_valid, requires)), tuple(map(str, message.get_all("Provides-Extra", []))))


def _download(url: str) -> bytes:
    try:
        if url.startswith("file:"):
            return read_limited(Path(file_path(url)), MAX_SIZE)
        with open_url(url, _TIMEOUT) as response:
            content = response.read(MAX_SIZE + 1)
    except (OSError, ValueError, HTTPException) as error:
        raise AwsprovError(
            f"{file_name(url)} cannot be downloaded.",
            why=str(error),
            remedy="Check the connection to the package index, then run the same command again.",
        ) from error
    if len(content) > MAX_SIZE:
        raise AwsprovError(f"{file_name(url)} is larger than {MAX_SIZE // 1024**2} MB.", remedy=_OTHER)
    return content


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the names and contents of the files with metadata."""
    try:
        with _opened(path) as members:
            for name, size, file in members:
                if PurePosixPath(name).name in ("PKG-INFO", "requires.txt") and size <= _MAX_METADATA and file:
                    yield name, file.read(_MAX_METADATA).decode(errors="replace")
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        what = f"{path.name} is not a valid source distribution."
        raise AwsprovError(what, why=str(error), remedy=_OTHER) from error


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[tuple[str, int, IO[bytes] | None]]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield ((each.filename, each.file_size, archive.open(each)) for each in archive.infolist())
    else:
        with tarfile.open(path) as tar:
            yield ((each.name, each.size, tar.extractfile(each)) for each in tar if each.isfile())


def _required(text: str) -> list[str]:
    """Return the requirements of a requires.txt; those of extras and with markers are in sections."""
    return [line.strip() for line in text.partition("[")[0].splitlines() if line.strip()]


def _is_valid(text: str) -> bool:
    try:
        return not Requirement(text).url
    except InvalidRequirement:
        return False
