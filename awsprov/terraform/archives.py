"""Finds the archives that Terraform zips functions' code into, and files by their names."""

import os
from pathlib import Path
from typing import Any

from awsprov.packaging.handler_search import directories
from awsprov.terraform.resource import Infrastructure, ParsedResource

_OBJECTS = ("aws_s3_object", "aws_s3_bucket_object")
_MAX_PROPOSALS = 3


def archives(function: ParsedResource, infrastructure: Infrastructure) -> list[ParsedResource]:
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


def module_file(handler: str) -> str:
    """Return the path of a handler's module, as in `app/main.py`."""
    return f"{handler.rpartition('.')[0].replace('.', '/')}.py"


def directories_with(file: str, roots: list[Path]) -> list[Path]:
    """Return the directories in which there is a file of this name."""
    found = [directory for root in roots for directory in directories(root) if (directory / file).is_file()]
    return list(dict.fromkeys(found))[:_MAX_PROPOSALS]


def relative(path: Path, directory: Path) -> str:
    """Return a path relative to a directory, as config.yaml has it."""
    return Path(os.path.relpath(path, directory)).as_posix()
