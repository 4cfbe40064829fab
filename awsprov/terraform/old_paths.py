"""Notes paths that only functions of the old stack have: on its file system, and in layers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awsprov.files import read_limited
from awsprov.terraform.archives import directories, relative
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import ParsedResource

# Lambda mounts file systems in /mnt and unpacks layers into /opt (its developer guide).
_WHERE = {"mnt": "on the file system that Terraform mounts", "opt": "in a layer"}
_VALUE = re.compile(r"(?:^|[=:;,\s])(/(mnt|opt)/[\w./-]+)(?<![./])")
_LITERAL = re.compile(r"""["'](/(mnt|opt)/[\w./-]+)""")
_MAX_SIZE = 1024 * 1024  # bytes of a file of code
_MAX_PLACES = 5
_ADVICE = (
    "list packages in the requirements, and put other files into the directory that `libraries.files` names, which the "
    'handler finds at os.environ["AWSPROV_FILES"]'
)


def note_old_paths(function: ParsedResource, section: dict[str, Any], project: Path, findings: Findings) -> None:
    """Note the paths in a function's variables and in its code.

    Arguments:
        section: the function in config.yaml.
        project: the directory of config.yaml.
    """
    found = [*_in_variables(section.get("variables", {})), *_in_code(project / section["source"], project)]
    for place, path, kind in found[:_MAX_PLACES]:
        findings.note(function, f"{place} has {path}, which is {_WHERE[kind]}: {_ADVICE}")
    if len(found) > _MAX_PLACES:
        findings.note(function, f"{len(found) - _MAX_PLACES} more places have such paths")


def _in_variables(variables: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, value in variables.items():
        for path, kind in _VALUE.findall(value):
            yield f"the variable {name}", path, kind


def _in_code(source: Path, project: Path) -> Iterator[tuple[str, str, str]]:
    for file in (each for directory in directories(source) for each in sorted(directory.glob("*.py"))):
        try:
            lines = read_limited(file, _MAX_SIZE).decode().splitlines()
        except (OSError, ValueError):
            continue
        for number, line in enumerate(lines, 1):
            for path, kind in _LITERAL.findall(line):
                yield f"{relative(file, project)}:{number}", path, kind
