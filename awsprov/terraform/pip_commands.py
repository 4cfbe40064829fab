"""Finds the Python packages that Terraform installs with pip: in provisioners, and in an instance's user data."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from awsprov.packaging.libraries_file import read_libraries
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.secret_names import SECRET_VALUE
from awsprov.terraform.values import Unknown

_PIP = re.compile(r"(?:^|[\s;&|(/])(?:(?:pip[\d.]*|uv pip)|python[\d.]*\s+-m\s+pip)\s+install\s+([^;&|\n)]*)")
# pip's options that take a value.
_WITH_VALUE = {
    "-t", "--target", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--platform", "--prefix",
    "--python-version", "--implementation", "--abi", "-c", "--constraint", "-r", "--requirement", "--cache-dir",
    "--root", "--no-binary", "--only-binary", "--trusted-host", "--timeout", "--retries",
}  # fmt: skip
_TOOLS = {"pip", "setuptools", "wheel", "uv", "awscli", "virtualenv"}


def installed_packages(infrastructure: Infrastructure) -> list[str]:
    """Return the requirements that the commands name, without pip's own tools."""
    found: list[str] = []
    for _, words in _installs(infrastructure):
        values = {n + 1 for n, word in enumerate(words) if word in _WITH_VALUE}
        for word in (word for n, word in enumerate(words) if n not in values):
            requirement = _requirement(word)
            if requirement and requirement.name.lower() not in _TOOLS and str(requirement) not in found:
                found.append(str(requirement))
    return found


def note_other_packages(infrastructure: Infrastructure, file: Path, findings: Findings) -> None:
    """Note the packages that the commands name, and the file of the libraries does not."""
    listed = {canonicalize_name(Requirement(each).name) for each in read_libraries(file).packages}
    others = [
        each for each in installed_packages(infrastructure) if canonicalize_name(Requirement(each).name) not in listed
    ]
    if others:
        findings.note("the libraries", f"pip also installs {', '.join(others)} in Terraform, which {file.name} lacks")


def requirement_files(infrastructure: Infrastructure) -> list[Path]:
    """Return the existing files that `pip install -r` names, or that a provisioner sends to an instance."""
    paths = []
    for resource, words in _installs(infrastructure):
        named = [words[n + 1] for n, word in enumerate(words[:-1]) if word in ("-r", "--requirement")]
        paths += [_path(infrastructure, resource, each) for each in named]
    for resource in infrastructure.resources:
        sources = [each.get("source") for each in resource.blocks("provisioner") if each.get("type") == "file"]
        paths += [
            _path(infrastructure, resource, each)
            for each in sources
            if isinstance(each, str) and Path(each).name.startswith("requirements")
        ]
    return [path for path in paths if path.is_file()]


def _path(infrastructure: Infrastructure, resource: ParsedResource, text: str) -> Path:
    """Return a path, of the module if it has such a file, or else of the root."""
    own = resource.directory / text
    return own if own.is_file() else infrastructure.directory / text


def _installs(infrastructure: Infrastructure) -> Iterator[tuple[ParsedResource, list[str]]]:
    """Yield the arguments of each `pip install`."""
    for resource in infrastructure.resources:
        for command in _commands(resource):
            for arguments in _PIP.findall(command.replace("\\\n", " ")):
                yield resource, _words(arguments)


def _commands(resource: ParsedResource) -> Iterator[str]:
    for each in resource.blocks("provisioner"):
        yield from _texts(each.get("command"))
        yield from _texts(each.get("inline"))
    if resource.type in ("aws_instance", "aws_launch_template"):
        yield from _texts(resource.get("user_data"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str) and not isinstance(value, Unknown):
        yield value


def _words(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:
        return arguments.split()


def _requirement(word: str) -> Requirement | None:
    try:
        found = Requirement(word) if word[:1].isalnum() and not word.endswith((".txt", ".whl")) else None
        return None if found is None or SECRET_VALUE.search(found.url or "") else found
    except InvalidRequirement:
        return None
