"""Which files of a directory are uploaded: code in a zip, and `libraries.files`. Secrets and caches stay here."""

import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from awsprov.errors import UsageError
from awsprov.files import STATE_DIRECTORY

# Made by tools, and never needed by a function: left out without a word.
NOISE = (
    ".git", ".hg", ".svn", ".venv", STATE_DIRECTORY, ".terraform", "__pycache__", ".*_cache", ".DS_Store", "*.py[cod]",
    "requirements*.txt", "*.lock",
)  # fmt: skip
_SHOWN = 5  # names in a note
# Files with credentials. What is left out for them is reported.
SECRET = (
    ".env*", "*.env", ".aws", ".ssh", ".gnupg", ".docker", ".kube", ".netrc", "_netrc", ".pgpass", ".pypirc", ".npmrc",
    ".git-credentials", ".*_history", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.key", "*.key.*", "*.ppk",
    "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.tfvars", "*.tfvars.*", "*.tfstate*",
)  # fmt: skip
_CERTIFICATES = ("*.crt", "*.cer")  # without a private key, also in DER
_PEM = ("*.pem", "*.pem.*")  # certificates, public keys or private keys
_BEGIN, _PRIVATE = b"-----BEGIN ", b"PRIVATE KEY-----"

Reason = Literal["", "secret", "noise"]  # why a file is left out; empty if it is uploaded


@dataclass(frozen=True)
class Selection:
    """The files of a directory that are uploaded, and the names of what is left out and reported."""

    files: tuple[tuple[str, Path], ...]
    left_out: tuple[str, ...]

    def note(self, what: str, key: str) -> str:
        """Return a sentence on what is left out; empty if there is nothing to report.

        Arguments:
            what: what is uploaded.
            key: the key of config.yaml that has `include`.
        """
        if not self.left_out:
            return ""
        names = ", ".join(self.left_out[:_SHOWN]) + (" and others" if len(self.left_out) > _SHOWN else "")
        return f"Left out of {what}, as it looks like a secret: {names}. `{key}.include` uploads files anyway."


@dataclass(frozen=True)
class UploadRules:
    """Patterns of files to upload and to leave out; case does not matter.

    A pattern with a slash is compared with the path below the directory, others with each part of it.

    Arguments:
        include: what is uploaded although it would be left out.
        exclude: what is left out in addition.
        secret: files and directories that are never uploaded, under whatever name.
        noise: what is left out and not reported.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    secret: tuple[Path, ...] = ()
    noise: tuple[str, ...] = NOISE

    def select(self, directory: Path) -> Selection:
        """Return what is uploaded of a directory, in order. Links to files and directories inside are followed.

        Raises:
            UsageError: a link leads out of the directory, in a circle, or to what is left out; something is not a
                regular file; or a name is not UTF-8.
        """
        left_out = list[str]()
        files = tuple(self._walk(directory, PurePosixPath(), Path(os.path.realpath(directory)), left_out))
        return Selection(files, tuple(left_out))

    def _walk(
        self, directory: Path, name: PurePosixPath, root: Path, left_out: list[str]
    ) -> Iterator[tuple[str, Path]]:
        for path in sorted(directory.iterdir()):
            child, is_directory = name / path.name, path.is_dir()
            reason = self._reason(child, path)
            if reason and not (is_directory and self.include):
                left_out += [_printable(child)] if reason == "secret" else []
                continue
            _check_name(child, path)
            if path.is_symlink():
                self._check_link(path, root)
            if is_directory:
                yield from self._walk(path, child, root, left_out)
            elif path.is_file():
                yield child.as_posix(), path
            else:
                raise UsageError(f"{path} is not a regular file.", remedy="Remove it from the source directory.")

    def _reason(self, name: PurePosixPath, path: Path) -> Reason:
        resolved = Path(os.path.realpath(path))
        if any(secret in (resolved, *resolved.parents) for secret in self.secret):
            return "noise" if self._is_noise(name, path) else "secret"  # no news: the state directory
        if _matches(name, self.include):
            return ""
        if self._is_noise(name, path):
            return "noise"
        return "secret" if _matches(name, SECRET) or _holds_private_key(name, path) else ""

    def _is_noise(self, name: PurePosixPath, path: Path) -> bool:
        environment = ".venv" in self.noise and _is_in_environment(name, path)
        return environment or _matches(name, (*self.noise, *self.exclude))

    def _check_link(self, path: Path, root: Path) -> None:
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(root):
            target_is = f"to a path outside of {root}"
        elif target.is_dir() and Path(os.path.realpath(path.parent)).is_relative_to(target):
            target_is = "to a directory that it is in"
        elif target != root and self._reason(PurePosixPath(target.relative_to(root).as_posix()), target):
            target_is = f"to {target.name}, which is not uploaded"
        else:
            return
        raise UsageError(f"{path} is a symbolic link {target_is}.", remedy="Replace it with a copy, or remove it.")


def is_executable(path: Path) -> bool:
    """Return whether the owner of a file may execute it: all that is kept of its mode."""
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _is_in_environment(name: PurePosixPath, path: Path) -> bool:
    """Return whether a path is in a virtual environment, whatever its name (PEP 405), or is one."""
    return any((each / "pyvenv.cfg").exists() for each in (path, *path.parents[: len(name.parts) - 1]))


def _check_name(name: PurePosixPath, path: Path) -> None:
    try:
        str(name).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"The name of the file {_printable(path)} is not UTF-8.", remedy="Rename it, or leave it out by `exclude`."
        ) from error


def _printable(path: PurePosixPath | Path) -> str:
    return str(path).encode(errors="backslashreplace").decode()


def _holds_private_key(name: PurePosixPath, path: Path) -> bool:
    """Return whether a PEM file holds a private key, or nothing that shows that it does not."""
    pem = _matches(PurePosixPath(name.name), _PEM)
    if not (pem or _matches(PurePosixPath(name.name), _CERTIFICATES)) or not path.is_file():
        return False
    content = path.read_bytes()
    return _PRIVATE in content or (pem and _BEGIN not in content)


def _matches(name: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Return whether a path, or a directory that it is in, matches one of the patterns."""
    paths = [str(each).lower() for each in (name, *name.parents) if each.name]
    parts = [part.lower() for part in name.parts]
    return any(
        fnmatch.fnmatchcase(each, pattern.strip("/").lower())
        for pattern in patterns
        for each in (paths if "/" in pattern.strip("/") else parts)
    )
