"""Finds a function's code: the directory or the files that Terraform zips."""

import os
from pathlib import Path
from typing import Any

from awsprov.errors import UsageError
from awsprov.terraform.archive_texts import archive_texts, located, missing_texts
from awsprov.terraform.archives import archives, directories_with, module_file, relative
from awsprov.terraform.findings import Findings
from awsprov.terraform.resource import Infrastructure, ParsedResource
from awsprov.terraform.values import Unknown


def function_code(
    function: ParsedResource,
    handler: str,
    infrastructure: Infrastructure,
    findings: Findings,
    *,
    project: Path,
    given: str | None,
) -> tuple[str, str]:
    """Return the directory with a function's code, relative to that of config.yaml, and the handler in it.

    Arguments:
        handler: the handler in what Terraform zips.
        project: the directory of config.yaml.
        given: the directory of code that Terraform's files do not show.

    Raises:
        UsageError: there is no such directory, and none was given.
    """
    texts = archive_texts(function, infrastructure)
    found = located(texts, handler, [infrastructure.directory, project])
    directory, own = found or (_directory(function, infrastructure), handler)
    if directory is None and given is None:
        raise _missing_code(
            function, handler, project, infrastructure, inline=isinstance(texts.get(module_file(handler)), str)
        )
    if own != handler:
        findings.note(function, f"its zip file has the handler's module under another name; the handler is {own} now")
    source = relative(directory, project) if directory else str(given)
    file = module_file(own)
    if not (project / source / file).is_file():
        others = [relative(each, project) for each in directories_with(file, [project])]
        remedy = f"; `source: {others[0]}` has one" if others else "; create it before `awsprov plan`"
        findings.note(function, f"{source}/{file} does not exist{remedy}")
    if missing := missing_texts(texts, handler, project / source):
        findings.note(function, f"its zip file also has {', '.join(missing)}; create them in {source}")
    return source, own


def _directory(function: ParsedResource, infrastructure: Infrastructure) -> Path | None:
    """Return the existing directory that Terraform zips for a function; None if the files do not show it."""
    for archive in archives(function, infrastructure):
        directory = _absolute(infrastructure, archive.get("source_dir"))
        file = _absolute(infrastructure, archive.get("source_file"))
        found = directory or (file.parent if file else None)
        found = found.parent if found and found.is_file() else found  # a path of a module, which may be a file
        if found and found.is_dir():
            return found
    return None


def _package_name(function: ParsedResource) -> str:
    """Return what a function's package is called in Terraform, for an error."""
    for name in ("filename", "s3_key", "image_uri"):
        value = function.get(name)
        if isinstance(value, str):
            return f"{name} = {Path(value).name}"
        if isinstance(value, Unknown):
            return f"{name} {value.reason}"
    return "it has no filename"


def _missing_code(
    function: ParsedResource, handler: str, project: Path, infrastructure: Infrastructure, *, inline: bool
) -> UsageError:
    """Return the error that a function's code is in no directory, with the directories that may have it.

    Arguments:
        inline: whether Terraform's files contain the code itself.
    """
    file = module_file(handler)
    if inline:
        source = relative(infrastructure.directory / "src", project)
        return UsageError(
            f"The code of {function} is in no file.",
            why=f"A block `source` of its archive_file contains the text of {file}.",
            remedy=f"Write it to {source}/{file}, for example, and run again with `--source {source}`.",
        )
    proposals = directories_with(file, [infrastructure.directory, project])
    return UsageError(
        f"The code of {function} is not in the Terraform files ({_package_name(function)}).",
        why=f"No archive_file of it names a directory that exists; its handler is in {file}.",
        remedy="Run again with "
        + (" or ".join(f"`--source {relative(each, project)}`" for each in proposals) or "`--source DIR`")
        + ", the directory with the handler, relative to that of config.yaml.",
    )


def _absolute(infrastructure: Infrastructure, value: Any) -> Path | None:
    """Return a path of an archive; relative ones begin where Terraform runs."""
    return Path(os.path.normpath(infrastructure.directory / str(value))) if isinstance(value, str) and value else None
