"""Trees of files: one walk, one description and one copy, for all programs on the builder.

Names are relative, with `/`. Bytes that are not UTF-8 are surrogates in them, as in all names that Python reads.
"""

import hashlib
import importlib.util
import os
import posixpath
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

DIRECTORY, FILE, PROGRAM = 0o755, 0o444, 0o555  # modes of what is published: files are read-only
PIECE = 1024 * 1024  # bytes that are read and written at once: EFS's largest write, and all of most files
_DESCRIBED = 256 * 1024  # bytes that are read at once to describe a file: the memory of larger pieces takes longer

Entry = dict[str, Any]  # of a file `mode`, `size` and `sha256`; of a symbolic link `link`
Entries = dict[str, Entry]  # by name

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def walk(root: Path) -> Iterator[str]:
    """Yield the names of all files and symbolic links below a directory. Links are not followed."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(f"{root}/{prefix}") as found:
            for each in found:
                if each.is_dir(follow_symlinks=False):
                    waiting.append(f"{prefix}{each.name}/")
                else:
                    yield f"{prefix}{each.name}"


def describe(path: Path) -> Entry:
    """Return the description of a file or a link as it is on disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        if not path.is_symlink():
            raise
        return {"link": os.readlink(path)}  # noqa: PTH115 - text
    try:  # without a file object, whose creation takes longer than to read most files
        found, digest = os.fstat(descriptor), hashlib.sha256()
        while piece := os.read(descriptor, _DESCRIBED):
            digest.update(piece)
    finally:
        os.close(descriptor)
    return {"mode": stat.S_IMODE(found.st_mode), "size": found.st_size, "sha256": digest.hexdigest()}


def describe_all(root: Path, threads: int) -> Entries:
    """Return the description of everything below a directory."""
    return mapped(lambda name: describe(root / name), sorted(walk(root)), threads)


def mapped(function: "Callable[[_Key], _Value]", keys: "list[_Key]", threads: int) -> "dict[_Key, _Value]":
    """Return what a function returns for each key, called in threads.

    Each thread takes one key after the other: with a future for each, the threads would mostly wait for each other.
    After an error, which is raised, no thread takes another key.
    """
    found: dict[_Key, _Value] = {}
    waiting = iter(keys)

    def call(_: int) -> None:
        try:
            for key in waiting:
                found[key] = function(key)
        except BaseException:
            list(waiting)
            raise

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, range(min(threads, len(keys)))))
    return {key: found[key] for key in keys}


def published(entry: Entry) -> Entry:
    """Return a description with the mode of published files: read-only, and executable if it was."""
    if "link" in entry:
        return entry
    return {**entry, "mode": PROGRAM if entry["mode"] & stat.S_IXUSR else FILE}


def bytecode(module: str) -> str:
    """Return the name of the file with a module's bytecode, given the name of its source."""
    return importlib.util.cache_from_source(module)


def matches(path: Path, entry: Entry) -> bool:
    """Return whether a file or a link, once it is published, is what an entry of a manifest says."""
    return published(describe(path)) == entry


def size(entries: Entries) -> int:
    """Return the size of all files in bytes."""
    return sum(entry.get("size", 0) for entry in entries.values())


def create_directories(root: Path, names: Iterable[str], threads: int) -> None:
    """Create a directory and all that the names of files need in it, parents before their children."""
    directories = {""}
    for with_files in set(map(posixpath.dirname, names)):
        directory = with_files
        while directory not in directories:
            directories.add(directory)
            directory = posixpath.dirname(directory)
    for _, siblings in groupby(sorted(directories, key=_depth), _depth):
        mapped(lambda name: (root / name).mkdir(DIRECTORY), list(siblings), threads)


def _depth(name: str) -> int:
    return name.count("/") + 1 if name else 0


class ChangedError(OSError):
    """A file is not, or is no longer, what its manifest says."""


def copy(source: Path, target: Path, entry: Entry) -> None:
    """Copy a file or a link, and nothing but what its description says.

    On EFS each call is a round trip, so a file costs one to create it, one for each piece, and one to close it.

    Raises:
        ChangedError: the source is another file than described, or does not exist.
        OSError: it cannot be copied.
    """
    if "link" in entry:
        target.symlink_to(entry["link"])
        return
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry["mode"])
    try:
        with source.open("rb", buffering=0) as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                _write(descriptor, piece)
    except FileNotFoundError as error:
        raise ChangedError(f"{source} was deleted after it was built") from error
    finally:
        os.close(descriptor)
    if digest.hexdigest() != entry["sha256"]:
        raise ChangedError(f"{source} changed after it was built")


def _write(descriptor: int, content: bytes) -> None:
    """Write all of it: a call may write less."""
    written = 0
    while written < len(content):
        written += os.write(descriptor, memoryview(content)[written:])
