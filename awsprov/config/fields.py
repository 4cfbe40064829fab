"""What the models of config.yaml share: how strict they are, and how they take paths and names."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo


class Part(BaseModel):
    """A part of config.yaml: never changed, and without keys that nobody knows."""

    # Built with what holds it, and not once more by itself.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def under_base(path: Path, info: ValidationInfo) -> Path:
    """A path in the file is taken from the file's own directory."""
    base: Path = (info.context or {}).get("base", Path())
    with suppress(RuntimeError):  # a home that nobody has: the path as it is leads nowhere
        path = path.expanduser()
    return (base / path).absolute()


def there(path: Path, check: Callable[[Path], bool]) -> bool:
    """Whether it is there; what this machine does not let us look at, or does not take for a name, is not."""
    with suppress(OSError):
        return check(path)
    return False


def existing_file(path: Path, info: ValidationInfo) -> Path:
    """A path in the file that must lead to a file."""
    path = under_base(path, info)
    if not there(path, Path.is_file):
        raise ValueError(f"there is no file {path}")
    return path


def existing_directory(path: Path, info: ValidationInfo) -> Path:
    """A path in the file that must lead to a directory."""
    path = under_base(path, info)
    if not there(path, Path.is_dir):
        raise ValueError(f"there is no directory {path}")
    return path


ExistingFile = Annotated[Path, AfterValidator(existing_file)]
ExistingDirectory = Annotated[Path, AfterValidator(existing_directory)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
LogDays = Literal[  # what CloudWatch Logs takes
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]  # fmt: skip
