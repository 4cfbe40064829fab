"""A package in a lock file: its version, and the one file that is installed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from awsprov.packaging.requirement_lines import check_url, file_name, is_url
from awsprov.packaging.source_distributions import is_source

_PIN = re.compile(r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)==([A-Za-z0-9.!+_-]+) \\")
_HASH = re.compile(r"    --hash=(sha256:[0-9a-f]{64})")
_NOTE = re.compile(r"    # (file|from|also on) (\S.*)")


@dataclass(frozen=True)
class LockedPackage:
    """A package in a lock file.

    Arguments:
        name: its normalized name.
        version: its version.
        hash: the hash of the file, or of the files in a directory, as `sha256:…`.
        file: the URL of the wheel, or of the source distribution that the builder builds; or its path, relative to
            the requirements. That of a directory, which is built, ends with `/`.
        index: the URL of the index that it is from, without credentials; empty for none.
        others: the URLs of the other indexes that have a package of this name.
    """

    name: str
    version: str
    hash: str
    file: str
    index: str = ""
    others: tuple[str, ...] = ()

    def check(self) -> None:
        """Check that this is what a lock file may contain.

        Raises:
            ValueError: it is not; the message says why.
        """
        if not self.is_local:
            self._check_file()
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", self.hash):
            raise ValueError(f"{self.name} {self.version} has no SHA-256 hash")
        for url in (self.file, self.index, *self.others):
            if is_url(url):
                check_url(url)
            if not url.isprintable():
                raise ValueError(f"{self.name} {self.version} has a URL that is not printable")

    @property
    def is_local(self) -> bool:
        """Whether it is a directory of this machine, which is built."""
        return self.file.endswith("/") and not is_url(self.file)

    @property
    def is_source(self) -> bool:
        """Whether it is a source distribution, which the builder builds."""
        return not self.is_local and is_source(self.file)

    def _check_file(self) -> None:
        parse = parse_sdist_filename if self.is_source else parse_wheel_filename
        name, version, *_ = parse(file_name(self.file))
        if name != self.name or version != Version(self.version):
            raise ValueError(f"the file of {self.name} {self.version} is of another package or version")

    @property
    def pin(self) -> str:
        """What identifies the contents: version and hash, in pip's format."""
        return f"{self.name}=={self.version} --hash={self.hash}"

    @property
    def lines(self) -> list[str]:
        """The lines in the lock file. pip reads the first two; the others are comments to it."""
        notes = [("file", self.file), ("from", self.index), *(("also on", url) for url in self.others)]
        return [
            f"{self.name}=={self.version} \\",
            f"    --hash={self.hash}",
            *(f"    # {kind} {text}" for kind, text in notes if text),
        ]


def parse(lines: Iterable[tuple[int, str]]) -> Iterator[LockedPackage]:
    """Yield the packages of a lock file.

    Arguments:
        lines: its lines, with their numbers, without the header.

    Raises:
        ValueError: a line is not one that awsprov writes; the message has its number.
    """
    entry: list[tuple[int, str]] = []
    for number, line in lines:
        if line and not line.startswith(" ") and entry:
            yield _package(entry)
            entry = []
        if line:
            entry.append((number, line))
    if entry:
        yield _package(entry)


def _package(entry: list[tuple[int, str]]) -> LockedPackage:
    (number, first), *rest = entry
    pin, digest = _PIN.fullmatch(first), _HASH.fullmatch(rest[0][1]) if rest else None
    if not pin or not digest or canonicalize_name(pin[1]) != pin[1]:
        raise ValueError(f"line {number} is not a locked package")
    notes: dict[str, list[str]] = {"file": [], "from": [], "also on": []}
    for at, line in rest[1:]:
        if not (note := _NOTE.fullmatch(line)):
            raise ValueError(f"line {at} is not a line that awsprov writes")
        notes[note[1]].append(note[2])
    index = notes["from"][0] if notes["from"] else ""
    found = LockedPackage(pin[1], pin[2], digest[1], "".join(notes["file"][:1]), index, tuple(notes["also on"]))
    try:
        found.check()
    except (ValueError, InvalidSdistFilename, InvalidWheelFilename, InvalidVersion) as error:
        raise ValueError(f"line {number}: {error}") from error
    return found
