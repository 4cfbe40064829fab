"""Writes a start pack: few and large reads in place of many small ones.

It is two files. `awsprov-start.pack` contains blocks of compressed files or pieces of files, some megabytes each.
`awsprov-start.json` lists what is in each block, and the other entries of the directories.
"""

import json
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from . import tree
from .workspace import report

INDEX, PACK = "awsprov-start.json", "awsprov-start.pack"
BLOCK = 4 * 1024 * 1024  # bytes of files in a block: some milliseconds to read, and enough blocks for all threads
LEVEL = 4  # of compression: level 6 saves 4 % and takes twice as long

Member = tuple[str, int, int]  # a file's name, and size and start of the piece of it, in bytes
Contents = tuple[tuple[str, int, int], ...]  # the same with the file's SHA-256 in place of its name


class Blocks:
    """The compressed blocks of an earlier start pack, by what is in them.

    Arguments:
        site: the directory of the packages with the start pack.
        entries: what they have to be.
    """

    def __init__(self, site: Path, entries: tree.Entries) -> None:
        self._pack = site / PACK
        self._places: dict[Contents, tuple[int, int]] = {}
        if {INDEX, PACK} <= entries.keys() and all(tree.matches(site / name, entries[name]) for name in (INDEX, PACK)):
            blocks = json.loads((site / INDEX).read_text())["blocks"]
            self._places = {_contents(members, entries): (offset, size) for offset, size, members in blocks}

    def find(self, contents: Contents) -> bytes:
        """Return a block; empty if there is none."""
        offset, size = self._places.get(contents, (0, 0))
        return _piece(self._pack, size, offset) if size else b""


def write(site: Path, packed: tree.Entries, others: "set[str]", into: Path, earlier: "Blocks | None") -> None:
    """Write the index and the pack.

    Arguments:
        site: the directory of the packages.
        packed: the files that are packed.
        others: the names of all other files.
        into: the directory for the start pack.
        earlier: blocks that need not be compressed again.
    """

    def compressed(members: list[Member]) -> bytes:
        found = earlier.find(_contents(members, packed)) if earlier else b""
        return found or _compressed(site, members)

    sizes = {name: entry["size"] for name, entry in packed.items()}
    blocks, offset = [], 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, (into / PACK).open("wb") as pack:
        for batch in _batches(list(_blocks(sizes))):
            for members, block in zip(batch, pool.map(compressed, batch), strict=True):
                blocks.append([offset, pack.write(block), members])
                offset += len(block)
    programs = [name for name in packed if os.access(site / name, os.X_OK)]
    total = sum(sizes.values())
    index = {"bytes": total, "blocks": blocks, "programs": programs, "links": _links(sizes, others)}
    (into / INDEX).write_text(json.dumps(index))
    report(f"start pack: {len(packed)} files, {total / 1e6:.0f} MB, {offset / 1e6:.0f} MB packed")


def _contents(members: list[Member], entries: tree.Entries) -> Contents:
    """Return what decides the bytes of a block."""
    return tuple((entries[name]["sha256"], size, start) for name, size, start in members)


def _blocks(packed: dict[str, int]) -> Iterator[list[Member]]:
    """Yield the contents of each block, those of large packages first.

    Small packages share blocks, large ones do not, so that one more package changes few blocks.
    """
    packages: dict[str, dict[str, int]] = {}
    for name, size in packed.items():
        packages.setdefault(name.partition("/")[0], {})[name] = size
    small = [files for files in packages.values() if sum(files.values()) < BLOCK]
    large = [files for files in packages.values() if sum(files.values()) >= BLOCK]
    for files in sorted(large, key=lambda files: -sum(files.values())):
        yield from _filled(files)
    yield from _filled({name: size for files in small for name, size in files.items()})


def _filled(packed: dict[str, int]) -> Iterator[list[Member]]:
    """Yield the contents of full blocks, and of a last one, the largest files first."""
    members, size = list[Member](), 0
    for name in sorted(packed, key=lambda name: (-packed[name], name)):
        for start in range(0, packed[name] or 1, BLOCK):
            piece = min(BLOCK, packed[name] - start)
            if members and size + piece > BLOCK:
                yield members
                members, size = [], 0
            members.append((name, piece, start))
            size += piece
    if members:
        yield members


def _batches(blocks: list[list[Member]]) -> Iterator[list[list[Member]]]:
    """Yield some blocks at a time: all that wait for being written are in memory."""
    for start in range(0, len(blocks), 16):
        yield blocks[start : start + 16]


def _compressed(site: Path, members: list[Member]) -> bytes:
    return zlib.compress(b"".join(_piece(site / name, size, start) for name, size, start in members), LEVEL)


def _piece(path: Path, size: int, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _links(packed: dict[str, int], others: set[str]) -> dict[str, list[str]]:
    """Return the directories of the local copy, each with the names that are links to the environment.

    A package with a packed file gets all its directories, because a walk through it does not follow links. A package
    without packed files is one link.
    """
    local = {PurePosixPath(name).parts[0] for name in packed}
    links: dict[str, set[str]] = {parent.as_posix(): set() for name in packed for parent in PurePosixPath(name).parents}
    for path in map(PurePosixPath, others):
        linked = path if path.parts[0] in local else PurePosixPath(path.parts[0])
        links.setdefault(linked.parent.as_posix(), set()).add(linked.name)
    return {directory: sorted(names) for directory, names in sorted(links.items())}
