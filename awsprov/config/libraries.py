"""The section `libraries` of config.yaml."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from awsprov.aws.limits import UNPACKAGED_PYTHONS
from awsprov.config.fields import (
    ExistingDirectory,
    ExistingFile,
    FileError,
    Pattern,
    Section,
    existing_directory,
    exists,
    is_unchecked,
)
from awsprov.packaging.libraries_file import read_libraries
from awsprov.packaging.project_files import READERS, choose_project_file, has_project_file
from awsprov.packaging.requirement_lines import check_url

PackagePattern = Annotated[
    str,
    Field(pattern=r"^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$"),
    Pattern("the name of a package in lowercase with hyphens, or a pattern such as acme-*"),
]


PackageName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
    Pattern("the name of a package in lowercase with hyphens"),
]


# These run on Amazon Linux 2023. Python 3.11 and older have an older glibc than the builder, whose pip would pick
# wheels that do not work there. Newer ones must be in botocore's model of Lambda and in Amazon Linux's packages.
PythonVersion = Literal["3.12", "3.13", "3.14"]


class LibrariesConfig(Section):
    """The libraries and files that all functions share on EFS."""

    requirements: ExistingFile
    """A requirements.txt as pip reads it; or a pyproject.toml, uv.lock, poetry.lock, Pipfile.lock or pylock.toml."""
    project: ExistingDirectory | None = None
    """A directory with one of these files, instead of `requirements`; a lock is taken before pyproject.toml."""
    python: PythonVersion = "3.12"
    """The Python version of the functions."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """The CPU architecture of functions and builder."""
    files: ExistingDirectory | None = None
    """A directory of files, for example a trained model; the handler finds it at os.environ["AWSPROV_FILES"]."""
    include: list[str] = Field(default_factory=list)
    """Patterns of files in `files` to send although they look like secrets."""
    exclude: list[str] = Field(default_factory=list)
    """Patterns of files in `files` to leave out."""
    start_pack: bool = True
    """Record which files a handler's import reads, and copy them to local disk at a cold start."""

    indexes: dict[PackagePattern, str] = Field(default_factory=dict)
    """The package index of each package that has one of its own, as `acme-*: https://pypi.acme.example/simple`."""
    build: list[PackageName] = Field(default_factory=list, max_length=50)
    """Packages that the builder compiles from their source distributions, because they have no wheel."""
    as_of: date | None = None
    """Resolve as on the evening of this day: later files on the package index are ignored."""

    @property
    def lock(self) -> Path:
        """The lock file, beside the requirements; it never has the name of another tool's lock."""
        path = self.requirements
        return path.with_name("requirements.lock") if path.name in READERS else path.with_suffix(".lock")

    @field_validator("python", mode="before")
    @classmethod
    def _packaged(cls, python: Any) -> Any:
        if python in UNPACKAGED_PYTHONS:
            raise ValueError(
                f"cannot be {python}: Lambda has it, but Amazon Linux 2023, the builder's, does not package it"
            )
        return python

    @field_validator("requirements")
    @classmethod
    def _readable(cls, path: Path, info: ValidationInfo) -> Path:
        if is_unchecked(info):
            return path
        base = (info.context or {}).get("base")
        found = read_libraries(path, base)
        if found.problems:
            raise FileError(found.problems)
        return path

    @model_validator(mode="before")
    @classmethod
    def _of_project(cls, values: Any, info: ValidationInfo) -> Any:
        """Choose the file of `project`."""
        if not isinstance(values, dict) or not isinstance(values.get("project"), str):
            return values
        if "requirements" in values:
            raise ValueError("has both `requirements` and `project`; give one of them")
        directory = existing_directory(Path(values["project"]), info)
        unknown = is_unchecked(info) and not exists(directory, has_project_file)
        return {**values, "requirements": directory / "pyproject.toml" if unknown else choose_project_file(directory)}

    @field_validator("files")
    @classmethod
    def _sendable(cls, files: Path | None, info: ValidationInfo) -> Path | None:
        """Leave out a directory that does not exist, where files are not checked."""
        return None if files and is_unchecked(info) and not exists(files, Path.is_dir) else files

    @field_validator("indexes")
    @classmethod
    def _are_urls(cls, indexes: dict[str, str]) -> dict[str, str]:
        for url in indexes.values():
            check_url(url)
        return indexes
