"""A source directory as the zip that Lambda takes: same content, same bytes, and nothing that must not leave."""

import base64
import fnmatch
import hashlib
import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from awsprov.errors import UsageError

DIRECT_UPLOAD = 50 * 1024 * 1024  # bytes of zip that CreateFunction takes directly (Lambda quotas)
UNPACKED = 250 * 1024 * 1024  # bytes that it may unpack to
LEFT_OUT = (
    ".git", ".env*", ".venv", ".awsprov", "__pycache__", ".*_cache", ".DS_Store",
    "*.py[cod]", "*.pem", "*.key", "*.tfvars", "*.tfstate*", "requirements*.txt", "*.lock",
)  # fmt: skip
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


@dataclass(frozen=True)
class Bundle:
    """A function's code.

    Arguments:
        source: the directory; caches, keys, environments and requirement files in it are left out.
        extra: files added to it, by name.
    """

    source: Path
    extra: tuple[tuple[str, bytes], ...] = ()

    @cached_property
    def _members(self) -> list[tuple[str, bytes]]:
        ours = dict(self.extra)
        return sorted([*((name, _read(path, name in ours)) for name, path in _files(self.source)), *ours.items()])

    @property
    def files(self) -> dict[str, str]:
        """The digest of each file in it, by its name."""
        return {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._members}

    @cached_property
    def content(self) -> bytes:
        """The zip.

        Raises:
            UsageError: a link leads out of the source, something is no plain file or has the name of one that is added,
                or Lambda's limits are passed.
        """
        members = self._members
        if (size := sum(len(content) for _, content in members)) > UNPACKED:
            raise _too_large(self.source, "unpacked", size, UNPACKED)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members:
                archive.writestr(_member(name), content, zipfile.ZIP_DEFLATED, 9)
        zipped = buffer.getvalue()
        if len(zipped) > DIRECT_UPLOAD:
            raise _too_large(self.source, "zipped", len(zipped), DIRECT_UPLOAD)
        return zipped

    @property
    def digest(self) -> str:
        """Its SHA-256 as Lambda tells it in CodeSha256."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # Unix, so that the mode counts, on whatever machine this runs
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    root = source.resolve()
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if _stays(name):
            continue
        if path.is_symlink():
            _check_link(path, root)
        if path.is_file():
            yield name.as_posix(), path
        elif not path.is_dir():
            raise UsageError(f"{path} is no plain file.", remedy="Take it out of the source directory.")


def _read(path: Path, taken: bool) -> bytes:
    if taken:
        raise UsageError(f"{path} has the name of a file that awsprov adds.", remedy="Rename it.")
    return path.read_bytes()


def _stays(name: Path) -> bool:
    return any(fnmatch.fnmatch(part, pattern) for part in name.parts for pattern in LEFT_OUT)


def _check_link(path: Path, root: Path) -> None:
    target = path.resolve()
    if not target.is_relative_to(root):
        why = f"that leads out of {root}"
    elif _stays(target.relative_to(root)):
        why = f"to {target.name}, which is never uploaded"
    elif path.is_dir():
        why = "to a directory"
    else:
        return
    raise UsageError(f"{path} is a link {why}.", remedy="Put a copy in its place, or take it out.")


def _too_large(source: Path, how: str, size: int, limit: int) -> UsageError:
    return UsageError(
        f"{source} is too large for Lambda: {size / 2**20:.0f} MB {how}, {limit // 2**20} MB are allowed.",
        remedy="Libraries belong into requirements.txt: awsprov puts them on the file system.",
    )
