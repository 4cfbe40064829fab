"""The base class of config.yaml's sections, and the types of paths and names that they share."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from awsprov.files import expand_home, is_system_path


@dataclass(frozen=True)
class Pattern:
    """What a regular expression in a type means, for the message about a string that does not match it.

    Arguments:
        words: what the text must be.
    """

    words: str


class FileError(ValueError):
    """Errors in a file that config.yaml names: they are reported with the name and line of that file.

    Arguments:
        lines: one error a line, each with its place.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


MAX_FILE_SIZE = 8 * 1024 * 1024  # bytes of a file that is read; a smoke request has 6 MB at most (Lambda quotas)


UNCHECKED = "unchecked"  # in the context of a validation: files are not looked at


def is_unchecked(info: ValidationInfo) -> bool:
    """Return whether a validation does not look at files."""
    return bool((info.context or {}).get(UNCHECKED))


class Section(BaseModel):
    """A section of config.yaml: frozen, and without unknown keys."""

    # defer_build: a section's validator is built once, as part of Config's.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def absolute_path(path: Path, info: ValidationInfo) -> Path:
    """Return a path from config.yaml as an absolute one; relative paths start at the directory of the file."""
    base: Path = (info.context or {}).get("base", Path())
    return (base / expand_home(path)).absolute()


def exists(path: Path, check: Callable[[Path], bool]) -> bool:
    """Return whether a file or directory exists; a path that cannot be accessed or is not valid does not."""
    with suppress(OSError):
        return check(path)
    return False


def existing_file(path: Path, info: ValidationInfo) -> Path:
    """Return a path from config.yaml as an absolute one.

    Raises:
        ValueError: there is no such file, or it is one that is never read: of the system, or too large.
    """
    path = absolute_path(path, info)
    if is_unchecked(info):
        return path
    _check_system_path(path)
    if not exists(path, Path.is_file):
        is_directory = exists(path, Path.is_dir)
        raise ValueError(f"{path} is a directory, not a file" if is_directory else f"there is no file {path}")
    if path.stat().st_size > MAX_FILE_SIZE:
        raise ValueError(f"{path} is larger than {MAX_FILE_SIZE // 1024**2} MB")
    return path


def existing_directory(path: Path, info: ValidationInfo) -> Path:
    """Return a path from config.yaml as an absolute one.

    Raises:
        ValueError: there is no such directory, or it is one of the system.
    """
    path = absolute_path(path, info)
    if is_unchecked(info):
        return path
    _check_system_path(path)
    if not exists(path, Path.is_dir):
        is_file = exists(path, Path.is_file)
        raise ValueError(f"{path} is a file; name its directory" if is_file else f"there is no directory {path}")
    return path


def _check_system_path(path: Path) -> None:
    if is_system_path(path):
        raise ValueError(f"{path} is in /proc, /sys or /dev, which are not read")


ExistingFile = Annotated[Path, AfterValidator(existing_file)]
ExistingDirectory = Annotated[Path, AfterValidator(existing_directory)]
Name = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]{0,23}$"),
    Pattern("up to 24 lowercase letters, digits and hyphens, beginning with a letter"),
]
LogDays = Literal[  # the values that PutRetentionPolicy takes (CloudWatch Logs API reference)
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
