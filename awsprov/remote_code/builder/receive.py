"""Receives the user's files on the builder's own disk, as an environment of their own, and publishes nothing.

The files of the last time are deleted. The environment's name is the hash of its contents, so what was changed while it
was sent is found.
"""

import argparse
import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

from . import tree
from .workspace import FILE_BUILDS, MANIFEST, Workspace, report

FILES = "files"  # the directory of the files in their environment; the manifest is beside it
LAYOUT = "files 1"  # version of the layout
CHANGED = 5  # the exit status when the files are not those of the name


def name_of(contents: Mapping[str, str]) -> str:
    """Return the name of an environment.

    Arguments:
        contents: the SHA-256 of each file, with ` executable` if it is, by name.
    """
    lines = [LAYOUT, *(f"{name} {contents[name]}" for name in sorted(contents))]
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:16]


def main() -> int:
    """Unpack the archive; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path, help="the working directory")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--archive", required=True, type=Path, help="a tar archive; it is deleted")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.work, FILE_BUILDS)
    with workspace.locked():
        if workspace.manifest(arguments.name):
            return 0
        with workspace.building(arguments.name) as scratch:
            entries = _unpack(arguments.archive, scratch / "site")
            if name_of(contents_of(entries)) != arguments.name:
                report("the files changed while they were sent")
                return CHANGED
            (scratch / MANIFEST).write_text(json.dumps({"name": arguments.name, "files": entries}))
    report(f"received {len(entries)} files, {tree.size(entries) / 1e6:.0f} MB")
    return 0


def _unpack(archive: Path, site: Path) -> tree.Entries:
    """Unpack an archive; return the descriptions of its files."""
    site.mkdir(tree.DIRECTORY)
    with tarfile.open(archive) as tar:
        tar.extractall(site, filter="data")
    archive.unlink()
    return {name: tree.published(entry) for name, entry in tree.describe_all(site, os.cpu_count() or 1).items()}


def contents_of(entries: tree.Entries) -> "dict[str, str]":
    """Return what `name_of` takes, from the entries of a manifest."""
    mark = {tree.PROGRAM: " executable"}
    return {
        name.removeprefix(f"{FILES}/"): f"{entry['sha256']}{mark.get(entry['mode'], '')}"
        for name, entry in entries.items()
    }
