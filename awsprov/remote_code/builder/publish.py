"""Publishes an environment that was built: copies it to the file system, where it appears complete or not at all.

Many threads copy, as on EFS a thread waits most of the time. What an environment on the file system has already is not
copied again, but gets another link. The manifest comes last, then the directory gets its name.
"""

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import socket
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import tree
from .workspace import FILE_BUILDS, LIBRARY_BUILDS, MANIFEST, PACK, Workspace, parsed, report

NOT_BUILT = 4  # the exit status when there is no build
COPY_THREADS = 64  # the fastest of 16, 64 and 128 at EFS's latency
SOURCES = 4  # the newest environments whose files are linked
LINKS = 150  # to one file at most; EFS allows 177 (EFS user guide, quotas)

Contents = tuple[str, int, int]  # SHA-256, mode and size in bytes


def main() -> int:
    """Publish the environment; return the exit status. The last line of output has the facts about it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, type=Path, help="the working directory")
    parser.add_argument("--root", required=True, type=Path, help="the directory where the file system is mounted")
    parser.add_argument("--name", required=True, help="the environment's hash")
    parser.add_argument("--builds", default=LIBRARY_BUILDS, choices=(LIBRARY_BUILDS, FILE_BUILDS))
    arguments = parser.parse_args()
    workspace = Workspace(arguments.work, arguments.builds)
    with workspace.locked():
        envs = arguments.root / "envs"
        envs.mkdir(mode=tree.DIRECTORY, exist_ok=True)
        target = envs / arguments.name
        if (target / MANIFEST).exists():
            report(f"environment {arguments.name} is already published")
        elif manifest := workspace.manifest(arguments.name):
            try:
                _copy(workspace.site(arguments.name), manifest, target)
            except tree.ChangedError:
                workspace.delete(arguments.name)  # so that it is built again
                raise
        else:
            report(f"environment {arguments.name} is not built on this builder")
            return NOT_BUILT
        report(_facts((target / MANIFEST).read_bytes()))
        return 0


def _copy(site: Path, manifest: bytes, target: Path) -> None:
    """Copy the build next to its place, with the manifest when everything else is on disk, and give it its name."""
    scratch = target.with_name(f".{target.name}.{socket.gethostname()}")
    shutil.rmtree(scratch, ignore_errors=True)  # of an interrupted installation on this builder
    files: tree.Entries = parsed(manifest)["files"]
    report(f"copying {len(files)} files, {tree.size(files) / 1e6:.0f} MB")
    tree.create_directories(scratch, files, COPY_THREADS)
    links = Links(target.parent, files)
    place = partial(_place, site, scratch, files, links)
    copied = sum(tree.mapped(place, _ordered(files), COPY_THREADS).values())
    report(f"{copied / 1e6:.0f} MB copied; the rest was on the file system")
    _sync(scratch)
    _write(scratch / MANIFEST, manifest)
    _rename(scratch, target)
    report(f"environment {target.name} published: {len(files)} files")


def _ordered(files: tree.Entries) -> "list[str]":
    """Return the names of the files, the largest first: one at the end would keep a single thread busy."""
    return sorted(files, key=lambda name: -files[name].get("size", 0))


def _place(site: Path, scratch: Path, files: tree.Entries, links: "Links", name: str) -> int:
    """Link a file of another environment, or copy it; return the number of bytes that were copied."""
    entry = files[name]
    if "link" not in entry and links.create(scratch / name, entry):
        return 0
    tree.copy(site / name, scratch / name, entry)
    return int(entry.get("size", 0))


class Links:
    """Hard links to files of other environments with the same contents and mode.

    A file can have a limited number of links, so those of each source are counted.

    Arguments:
        envs: the directory of the environments.
        files: the files that are wanted.
    """

    def __init__(self, envs: Path, files: tree.Entries) -> None:
        wanted = {_contents(entry) for entry in files.values() if entry.get("size")}
        self._sources: dict[Contents, Path] = {}
        for environment, entries in _environments(envs):
            for name, entry in entries.items():
                if isinstance(entry, dict) and (contents := _contents(entry)) in wanted:
                    self._sources.setdefault(contents, environment / name)
        self._lock = threading.Lock()
        self._counts = tree.mapped(lambda each: _count(self._sources[each], each), [*self._sources], COPY_THREADS)

    def create(self, target: Path, entry: tree.Entry) -> bool:
        """Create a link if some environment has the file. Return whether it was created."""
        contents = _contents(entry)
        if contents not in self._sources:
            return False
        with self._lock:
            self._counts[contents] += 1
            if self._counts[contents] > LINKS:
                return False
        with contextlib.suppress(OSError):  # the environment is deleted at the same time
            os.link(self._sources[contents], target)
            return True
        return False


def _contents(entry: tree.Entry) -> Contents:
    """Return what two files must have in common to be one; a symbolic link has nothing."""
    return entry.get("sha256", ""), entry.get("mode", 0), entry.get("size", 0)


def _count(source: Path, contents: Contents) -> int:
    """Return the number of links of a source; as many as allowed if it is not what its manifest says."""
    with contextlib.suppress(OSError):
        found = source.stat()
        if (stat.S_IMODE(found.st_mode), found.st_size) == contents[1:]:
            return found.st_nlink
    return LINKS


def _environments(envs: Path) -> "Iterator[tuple[Path, dict[str, Any]]]":
    """Yield the newest environments, each with the files in its manifest."""
    manifests = [(path, path.stat().st_mtime) for path in envs.glob(f"[!.]*/{MANIFEST}")]
    for path, _ in sorted(manifests, key=lambda each: -each[1])[:SOURCES]:
        with contextlib.suppress(OSError):
            yield path.parent, parsed(path.read_bytes())["files"]


def _sync(directory: Path) -> None:
    """Write all data of a directory's file system to disk, but not the data of other file systems."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "syncfs"):  # macOS
        os.sync()
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor):
            raise OSError(f"could not write {directory} to disk")
    finally:
        os.close(descriptor)


def _write(path: Path, manifest: bytes) -> None:
    with path.open("wb") as file:
        file.write(manifest)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), tree.FILE)
    report(f"manifest {hashlib.sha256(manifest).hexdigest()[:12]}")


def _rename(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        if not (target / MANIFEST).exists():
            raise
        shutil.rmtree(scratch)  # another builder published it first: the same name means the same content


def _facts(manifest: bytes) -> str:
    """Return the last line of output, which becomes the environment's tag on the file system."""
    found = json.loads(manifest)
    files, digest = found["files"], hashlib.sha256(manifest).hexdigest()
    numbers = f"files={len(files)} bytes={tree.size(files)}"
    if "packages" not in found:
        return f"kind=files {numbers} manifest={digest}"
    pack = files.get(PACK, {}).get("size", 0)
    packages = f"packages={len(found['packages'])} {numbers} pack={pack} unpacked={found.get('unpacked', 0)}"
    return f"python={found['python']} {packages} manifest={digest}"
