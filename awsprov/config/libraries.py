"""The section `libraries` of config.yaml."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from awsprov.aws.limits import UNPACKAGED_PYTHONS
from awsprov.config.fields import ExistingDirectory, ExistingFile, Section
from awsprov.packaging.requirement_lines import check_url
from awsprov.packaging.requirements import read_requirements

PackagePattern = Annotated[str, Field(pattern=r"^[a-z0-9*?]([a-z0-9*?-]*[a-z0-9*?])?$")]  # for normalized names


class LibrariesConfig(Section):
    """The libraries and files that all functions share on EFS."""

    requirements: ExistingFile
    """A requirements.txt as pip reads it."""
    # These run on Amazon Linux 2023. Python 3.11 and older have an older glibc than the builder, whose pip would pick
    # wheels that do not work there. Newer ones must be in botocore's model of Lambda and in Amazon Linux's packages.
    python: Literal["3.12", "3.13", "3.14"] = "3.12"
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
    as_of: date | None = None
    """Resolve as on the evening of this day: later files on the package index are ignored."""

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
        if found := read_requirements(path, (info.context or {}).get("base")).problems:
            raise ValueError("; ".join(found))
        return path

    @field_validator("indexes")
    @classmethod
    def _are_urls(cls, indexes: dict[str, str]) -> dict[str, str]:
        for url in indexes.values():
            check_url(url)
        return indexes
