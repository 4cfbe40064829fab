"""The files of an instance over SFTP, which `scp` uses as well. Relative paths start at the home directory."""

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.sftp import SFTP_OK

Result = TypeVar("Result")


def _attempt(function: Callable[[], Result]) -> Result | int:
    """Call a function; if it raises OSError, return the error code for the client."""
    try:
        return function()
    except OSError as error:
        return SFTPServer.convert_errno(error.errno or errno.EIO)


class _OpenFile(SFTPHandle):
    """An open file, which paramiko reads and writes through `readfile` and `writefile`."""

    def __init__(self, path: str, flags: int, mode: int) -> None:
        super().__init__(flags)
        self.path = path
        descriptor = os.open(path, flags, mode)
        kind = {os.O_WRONLY: "wb", os.O_RDWR: "r+b"}.get(flags & os.O_ACCMODE, "rb")
        if flags & os.O_APPEND and kind != "rb":
            kind = "ab" if kind == "wb" else "a+b"
        self.readfile = self.writefile = os.fdopen(descriptor, kind, buffering=0 if kind == "r+b" else -1)

    def stat(self) -> Any:
        return _attempt(lambda: SFTPAttributes.from_stat(os.fstat(self.readfile.fileno())))

    def chattr(self, attr: SFTPAttributes) -> int:
        self.writefile.flush()
        return _attempt(lambda: _change(self.path, attr)) or SFTP_OK


class Sftp(SFTPServer):
    """The SFTP subsystem. It also sends an exit status, without which `scp` fails."""

    def finish_subsystem(self) -> None:
        with contextlib.suppress(OSError, EOFError, AttributeError):  # there is no channel if it never started
            self.sock.send_exit_status(0)  # type: ignore[union-attr]
        super().finish_subsystem()


class Files(SFTPServerInterface):
    """The file operations of one SFTP session."""

    def __init__(self, server: paramiko.ServerInterface, *arguments: Any, home: Path, **options: Any) -> None:
        super().__init__(server, *arguments, **options)
        self._home = home

    def canonicalize(self, path: str) -> str:
        return os.path.normpath(self._path(path))

    def list_folder(self, path: str) -> Any:
        return _attempt(lambda: self._list(self._path(path)))

    def stat(self, path: str) -> Any:
        return _attempt(lambda: SFTPAttributes.from_stat(os.stat(self._path(path))))  # noqa: PTH116

    def lstat(self, path: str) -> Any:
        return _attempt(lambda: SFTPAttributes.from_stat(os.lstat(self._path(path))))

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        mode = attr.st_mode if attr is not None and attr.st_mode is not None else 0o666
        return _attempt(lambda: _OpenFile(self._path(path), flags, mode))

    def remove(self, path: str) -> int:
        return self._do(lambda: Path(self._path(path)).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        if os.path.lexists(self._path(newpath)):
            return SFTPServer.convert_errno(errno.EEXIST)  # plain SFTP renames never replace
        return self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._do(lambda: os.replace(self._path(oldpath), self._path(newpath)))  # noqa: PTH105

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        mode = attr.st_mode if attr is not None and attr.st_mode is not None else 0o777
        return self._do(lambda: os.mkdir(self._path(path), mode))  # noqa: PTH102

    def rmdir(self, path: str) -> int:
        return self._do(lambda: Path(self._path(path)).rmdir())

    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        return self._do(lambda: _change(self._path(path), attr))

    def symlink(self, target_path: str, path: str) -> int:
        return self._do(lambda: Path(self._path(path)).symlink_to(target_path))

    def readlink(self, path: str) -> Any:
        return _attempt(lambda: str(Path(self._path(path)).readlink()))

    def _path(self, path: str) -> str:
        return os.path.join(self._home, path)  # noqa: PTH118 - pathlib would normalize `..` and a trailing `.`

    def _list(self, path: str) -> list[SFTPAttributes]:
        return [SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name) for entry in os.scandir(path)]

    def _do(self, function: Callable[[], Any]) -> int:
        result = _attempt(function)
        return result if isinstance(result, int) and result != SFTP_OK else SFTP_OK


def _change(path: str, attr: SFTPAttributes) -> None:
    """Set mode, size and times. The owner is ignored: an instance has one account."""
    if attr.st_mode is not None:
        Path(path).chmod(attr.st_mode & 0o7777)
    if attr.st_size is not None:
        os.truncate(path, attr.st_size)
    if attr.st_atime is not None and attr.st_mtime is not None:
        os.utime(path, (attr.st_atime, attr.st_mtime))
