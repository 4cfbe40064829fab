"""Notes paths that only functions of the old stack have: on its file system, and in layers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.files import read_limited
from awsprov.packaging.handler_search import directories
from awsprov.terraform.archives import relative
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import ParsedResource

# Lambda mounts file systems in /mnt and unpacks layers into /opt (its developer guide).
_VALUE = re.compile(r"(?:^|[=:;,\s])(/(?:mnt|opt)/[\w./-]+)(?<![./])")
_LITERAL = re.compile(r"""["'](/(?:mnt|opt)/[\w./-]+)""")
_MAX_SIZE = 1024 * 1024  # bytes of a file of code
_MAX_PATHS = 8
_ADVICE = (
    "List packages in the requirements, and put other files into the directory that `libraries.files` names, which the "
    'handler finds at os.environ["AWSPROV_FILES"]'
)


def note_old_paths(function: ParsedResource, section: dict[str, Any], project: Path, findings: Findings) -> None:
    """Note the paths in a function's variables and in its code.

    Arguments:
        section: the function in config.yaml.
        project: the directory of config.yaml.
    """
    places: dict[str, list[str]] = {}
    for place, path in (*_in_variables(section.get("variables", {})), *_in_code(project / section["source"], project)):
        places.setdefault(path, []).append(place)
    if places:
        listed = ", ".join(f"{path} ({', '.join(where)})" for path, where in list(places.items())[:_MAX_PATHS])
        more = f", and {len(places) - _MAX_PATHS} more" if len(places) > _MAX_PATHS else ""
        findings.note(function, f"paths on its file system and in its layers do not exist: {listed}{more}. {_ADVICE}")


def _in_variables(variables: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in variables.items():
        for path in _VALUE.findall(value):
            yield f"the variable {name}", path


def _in_code(source: Path, project: Path) -> Iterator[tuple[str, str]]:
    for file in (each for directory in directories(source) for each in sorted(directory.glob("*.py"))):
        try:
            lines = read_limited(file, _MAX_SIZE).decode().splitlines()
        except (OSError, ValueError):
            continue
        for number, line in enumerate(lines, 1):
            for path in _LITERAL.findall(line):
                yield f"{relative(file, project)}:{number}", path
