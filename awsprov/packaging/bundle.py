"""Builds the deployment package: a reproducible zip of a source directory, without secrets and caches."""

import base64
import fnmatch
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from awsprov.errors import UsageError

MAX_ZIPPED = 50 * 1024 * 1024  # bytes of a zip that is uploaded directly (Lambda quotas)
MAX_UNZIPPED = 250 * 1024 * 1024  # bytes (Lambda quotas)
EXCLUDED = (
    ".git", ".env*", ".venv", ".awsprov", "__pycache__", ".*_cache", ".DS_Store",
    "*.py[cod]", "*.pem", "*.key", "*.tfvars", "*.tfstate*", "requirements*.txt", "*.lock",
)  # fmt: skip
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of the zip format


@dataclass(frozen=True)
class Bundle:
    """A function's deployment package.

    Arguments:
        source: the source directory; files that match EXCLUDED are left out.
        extra: names and contents of further files.
    """

    source: Path
    extra: tuple[tuple[str, bytes], ...] = ()

    @cached_property
    def _members(self) -> list[tuple[str, bytes]]:
        extra = dict(self.extra)
        if (size := sum(path.stat().st_size for _, path in _files(self.source))) > MAX_UNZIPPED:
            raise _too_large(self.source, "unzipped", size, MAX_UNZIPPED)
        return sorted([*((name, _read(path, name in extra)) for name, path in _files(self.source)), *extra.items()])

    @property
    def files(self) -> dict[str, str]:
        """The first 12 hex digits of each file's SHA-256, by name."""
        return {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._members}

    @cached_property
    def content(self) -> bytes:
        """The content of the zip.

        Raises:
            UsageError: a symbolic link leads out of the source directory, something is not a regular file, a file has
                the name of one in `extra`, or the size exceeds Lambda's limits.
        """
        members = self._members
        if (size := sum(len(content) for _, content in members)) > MAX_UNZIPPED:
            raise _too_large(self.source, "unzipped", size, MAX_UNZIPPED)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members:
                archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED, 9)
        zipped = buffer.getvalue()
        if len(zipped) > MAX_ZIPPED:
            raise _too_large(self.source, "zipped", len(zipped), MAX_ZIPPED)
        return zipped

    @property
    def digest(self) -> str:
        """The SHA-256 of the zip in base64, like Lambda's CodeSha256."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # Unix, so that the file mode is used on any platform
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    root = source.resolve()
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if _is_excluded(name):
            continue
        if not _is_text(name.as_posix()):
            raise UsageError(f"The name of {name.as_posix()!r} is not UTF-8.", remedy="Rename the file.")
        if path.is_symlink():
            _check_link(path, root)
        if path.is_file():
            yield name.as_posix(), path
        elif not path.is_dir():
            raise UsageError(f"{path} is not a regular file.", remedy="Remove it from the source directory.")


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)  # bytes that are not UTF-8 (PEP 383)


def _read(path: Path, taken: bool) -> bytes:
    if taken:
        raise UsageError(f"{path} has the name of a file that awsprov adds to the zip.", remedy="Rename it.")
    return path.read_bytes()


def _is_excluded(name: Path) -> bool:
    return any(fnmatch.fnmatch(part, pattern) for part in name.parts for pattern in EXCLUDED)


def _check_link(path: Path, root: Path) -> None:
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(root):
        target_is = f"to a path outside of {root}"
    elif _is_excluded(target.relative_to(root)):
        target_is = f"to {target.name}, which is never uploaded"
    elif path.is_dir():
        target_is = "to a directory"
    else:
        return
    raise UsageError(f"{path} is a symbolic link {target_is}.", remedy="Replace it with a copy, or remove it.")


def _too_large(source: Path, how: str, size: int, limit: int) -> UsageError:
    return UsageError(
        f"{source} is too large for Lambda: {size / 2**20:.0f} MB {how}; the limit is {limit // 2**20} MB.",
        remedy="List libraries in requirements.txt: awsprov installs them on the file system.",
    )
