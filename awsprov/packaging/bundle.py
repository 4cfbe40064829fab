"""Builds the deployment package: a reproducible zip of a source directory, without secrets and caches."""

import base64
import hashlib
import io
import stat
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from awsprov.errors import UsageError
from awsprov.packaging.upload_rules import Selection, UploadRules, is_executable

MAX_ZIPPED = 50 * 1024 * 1024  # bytes of a zip that is uploaded directly (Lambda quotas)
MAX_UNZIPPED = 250 * 1024 * 1024  # bytes (Lambda quotas)
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of the zip format


@dataclass(frozen=True)
class Bundle:
    """A function's deployment package.

    Arguments:
        source: the source directory.
        extra: names and contents of further files.
        rules: which files of the directory are in it.
    """

    source: Path
    extra: tuple[tuple[str, bytes], ...] = ()
    rules: UploadRules = field(default_factory=UploadRules)

    @cached_property
    def selection(self) -> Selection:
        """The files of the source directory that are in it, and what was left out."""
        return self.rules.select(self.source)

    @cached_property
    def names(self) -> frozenset[str]:
        """The paths of these files below the source directory."""
        return frozenset(name for name, _ in self.selection.files)

    @cached_property
    def _members(self) -> list[tuple[str, bytes, bool]]:
        """Name and content of each file, and whether it is executable."""
        extra = dict(self.extra)
        if (size := sum(path.stat().st_size for _, path in self.selection.files)) > MAX_UNZIPPED:
            raise self._too_large("unzipped", size, MAX_UNZIPPED)
        own = [(name, _read(path, name in extra), is_executable(path)) for name, path in self.selection.files]
        return sorted([*own, *((name, content, False) for name, content in extra.items())])

    @property
    def files(self) -> dict[str, str]:
        """The first 12 hex digits of each file's SHA-256, by name."""
        return {name: hashlib.sha256(content).hexdigest()[:12] for name, content, _ in self._members}

    @cached_property
    def content(self) -> bytes:
        """The content of the zip.

        Raises:
            UsageError: something in the source directory cannot be uploaded (see UploadRules), a file has the name of
                one in `extra`, or the size exceeds Lambda's limits.
        """
        members = self._members
        if (size := sum(len(content) for _, content, _ in members)) > MAX_UNZIPPED:
            raise self._too_large("unzipped", size, MAX_UNZIPPED)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content, executable in members:
                archive.writestr(_member(name, executable), content, zipfile.ZIP_DEFLATED, 9)
        zipped = buffer.getvalue()
        if len(zipped) > MAX_ZIPPED:
            raise self._too_large("zipped", len(zipped), MAX_ZIPPED)
        return zipped

    def _too_large(self, how: str, size: int, limit: int) -> UsageError:
        largest, path = max(((path.stat().st_size, name) for name, path in self.selection.files), default=(0, ""))
        return UsageError(
            f"{self.source} is too large for Lambda: {size / 2**20:.0f} MB {how}; the limit is {limit // 2**20} MB.",
            why=f"The largest file is {path} with {largest / 2**20:.0f} MB." if path else "",
            remedy="Put data and models into the directory that `libraries.files` names, and list libraries in "
            "requirements.txt: awsprov puts both on the file system.",
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of the zip in base64, like Lambda's CodeSha256."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def _member(name: str, executable: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # Unix, so that the file mode is used on any platform
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return info


def _read(path: Path, taken: bool) -> bytes:
    if taken:
        raise UsageError(f"{path} has the name of a file that awsprov adds to the zip.", remedy="Rename it.")
    return path.read_bytes()
