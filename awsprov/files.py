"""Files that only their owner may read, and atomic writes: after a crash a file has its old content or its new one.

Nothing here writes through a symbolic link: one that came with a project could lead to any file of the user.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, BinaryIO, Literal

STATE_DIRECTORY = ".awsprov"  # beside config.yaml, unless --state-dir names another

_SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev")))  # what is below them is this machine's, such as its environment


def expand_home(path: Path) -> Path:
    """Return a path with the home directory for `~` or `~user`; as it is, if there is none: `~x` may be a name."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_system_path(path: Path) -> bool:
    """Return whether a path is in /proc, /sys or /dev, links followed."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(directory) for directory in _SYSTEM)


def is_inside(path: Path, directory: Path) -> bool:
    """Return whether a path is in a directory, links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(directory))


def read_limited(path: Path, limit: int) -> bytes:
    """Return the content of a regular file; a pipe or a device could block, or never end.

    Arguments:
        path: the file; links are followed.
        limit: the largest size, in bytes.

    Raises:
        OSError: the file cannot be read, is not a regular file, is larger, or is in /proc, /sys or /dev.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"Larger than {limit // 1024} KB", str(path))
    return content


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read it; links are followed.

    Raises:
        OSError: the file cannot be read, is not a regular file, or is in /proc, /sys or /dev.
    """
    if is_system_path(path):
        raise OSError(errno.EINVAL, "Files in /proc, /sys and /dev are not read", str(path))
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # before `open`, whose error names the descriptor's number
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return open(descriptor, "rb")  # noqa: PTH123 - the caller closes it


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Replace the content of a file; only its owner may read it.

    The content is on disk (fsync of file and directory) when this returns.

    Arguments:
        path: the file; missing directories are created for their owner only.
        content: the whole content; or its pieces, if it may not fit into memory.

    Raises:
        OSError: the file cannot be written; the old content is still there.
    """
    make_private_directory(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # created with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def open_private(path: Path, mode: Literal["a", "w"]) -> IO[str]:
    """Open a text file, to append to it or to write it; a new one has mode 0600.

    Raises:
        OSError: the file cannot be written, or is a symbolic link (ELOOP).
    """
    return open(path, mode, encoding="utf-8", opener=_open_no_follow)


def _open_no_follow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def make_private_directory(path: Path) -> None:
    """Create a directory for its owner only, and the missing ones above it in the same way.

    `Path.mkdir(mode=0o700, parents=True)` would give those above it the default mode. Git ignores a state directory:
    it has private keys, and what the local cloud was sent.
    """
    if not path.is_dir():
        make_private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        if path.name == STATE_DIRECTORY:
            (path / ".gitignore").write_text("*\n")


def sync_directory(directory: Path) -> None:
    """Have the names of a directory's files on disk (fsync)."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
