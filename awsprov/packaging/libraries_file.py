"""The file that lists a project's libraries: a requirements.txt, or a project file or a lock of another tool."""

import re
from pathlib import Path

from awsprov.files import read_limited
from awsprov.packaging.project_files import (
    MAX_SIZE,
    READERS,
    choose_project_file,
    has_project_file,
    read_project_file,
)
from awsprov.packaging.requirements import Requirements, read_requirements

_PROJECT = re.compile(rb"^\[(project\]|tool\.poetry\b)", re.MULTILINE)  # the tables that list dependencies


def find_libraries(*directories: Path) -> Path | None:
    """Return the file that lists the libraries, in the first directory that has one; None if none has."""
    return next((file for each in directories if (file := _in(each))), None)


def read_libraries(path: Path, project: Path | None = None) -> Requirements:
    """Read the file that lists the libraries; what cannot be followed is in the result's problems.

    Arguments:
        path: the file.
        project: the project's directory; problems quote only lines of files in it. None to quote nothing.
    """
    return read_project_file(path) if path.name in READERS else read_requirements(path, project)


def _in(directory: Path) -> Path | None:
    """Return a directory's requirements.txt or project file; not a pyproject.toml that has only settings of tools."""
    if (directory / "requirements.txt").is_file():
        return directory / "requirements.txt"
    if not has_project_file(directory):
        return None
    file = choose_project_file(directory)
    return file if file.name != "pyproject.toml" or _lists_dependencies(file) else None


def _lists_dependencies(pyproject: Path) -> bool:
    try:
        return _PROJECT.search(read_limited(pyproject, MAX_SIZE)) is not None
    except OSError:
        return False
