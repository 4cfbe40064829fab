"""Finds the directory with a function's code: the one that Terraform zips."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown

_OBJECTS = ("aws_s3_object", "aws_s3_bucket_object")
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "venv"}
_MAX_DIRECTORIES, _MAX_DEPTH, _MAX_PROPOSALS = 2000, 6, 3


def code_directory(function: ParsedResource, infrastructure: Infrastructure) -> Path | None:
    """Return the existing directory that Terraform zips for a function; None if the files do not show it."""
    for archive in _archives(function, infrastructure):
        directory = _absolute(infrastructure, archive.get("source_dir"))
        file = _absolute(infrastructure, archive.get("source_file"))
        found = directory or (file.parent if file else None)
        found = found.parent if found and found.is_file() else found  # a path of a module, which may be a file
        if found and found.is_dir():
            return found
    return None


def package_name(function: ParsedResource) -> str:
    """Return what a function's package is called in Terraform, for an error."""
    for name in ("filename", "s3_key", "image_uri"):
        value = function.get(name)
        if isinstance(value, str):
            return f"{name} = {Path(value).name}"
        if isinstance(value, Unknown):
            return f"{name} {value.reason}"
    return "it has no filename"


def missing_code(
    function: ParsedResource, module_file: str, project: Path, infrastructure: Infrastructure
) -> UsageError:
    """Return the error that a function's code is not in the files, with the directories that may have it."""
    proposals = directories_with(module_file, [infrastructure.directory, project])
    return UsageError(
        f"The code of {function} is not in the Terraform files ({package_name(function)}).",
        why=f"No archive_file of it names a directory that exists; its handler is in {module_file}.",
        remedy="Run again with "
        + (" or ".join(f"`--source {relative(each, project)}`" for each in proposals) or "`--source DIR`")
        + ", the directory with the handler, relative to that of config.yaml.",
    )


def directories_with(file: str, roots: list[Path]) -> list[Path]:
    """Return the directories in which there is a file of this name."""
    found = [directory for root in roots for directory in _directories(root) if (directory / file).is_file()]
    return list(dict.fromkeys(found))[:_MAX_PROPOSALS]


def relative(path: Path, directory: Path) -> str:
    """Return a path relative to a directory, as config.yaml has it."""
    return Path(os.path.relpath(path, directory)).as_posix()


def _archives(function: ParsedResource, infrastructure: Infrastructure) -> list[ParsedResource]:
    """Return the archives of a function: that of its file, or of the S3 object that it is read from."""
    every = infrastructure.data("archive_file") + infrastructure.of("archive_file")
    files = [function.get("filename")]
    files += [
        each.get("source") for each in infrastructure.of(*_OBJECTS) if _is_same(each, "key", function.get("s3_key"))
    ]
    return [archive for archive in every if any(_is_same(archive, "output_path", file) for file in files if file)]


def _is_same(resource: ParsedResource, name: str, value: Any) -> bool:
    """Return whether a value is an attribute of a resource."""
    own = resource.get(name)
    return resource.refers_to(value) or (isinstance(own, str) and isinstance(value, str) and own == value)


def _absolute(infrastructure: Infrastructure, value: Any) -> Path | None:
    """Return a path of an archive; relative ones begin where Terraform runs."""
    return Path(os.path.normpath(infrastructure.directory / str(value))) if isinstance(value, str) and value else None


def _directories(root: Path) -> Iterator[Path]:
    """Yield a directory and those in it, within bounds, without hidden ones and those of tools."""
    for count, (directory, names, _) in enumerate(os.walk(root)):
        depth = len(Path(directory).relative_to(root).parts)
        deeper = depth < _MAX_DEPTH and count < _MAX_DIRECTORIES
        names[:] = sorted(n for n in names if deeper and n not in _SKIPPED and not n.startswith("."))
        yield Path(directory)
