"""Writes a start pack: few and large reads in place of many small ones.

It is two files. `awsprov-start.pack` contains compressed blocks of files or pieces of files, in the order in which the
imports read them. `awsprov-start.json` lists what is in each block, the modules, and the entries of all directories.

Bytecode is packed as one file, in which each module has its place. Sources are packed only if the import reads them.
If functions need an extension module to decompress the blocks, it is in the pack before them, compressed with zlib.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import cache_from_source, source_from_cache
from pathlib import Path
from typing import Any, NamedTuple

from . import tree
from .compression import WITH_ZLIB, ZLIB, Compression
from .workspace import INDEX, PACK, report

BYTECODE = "awsprov-start.bytecode"
BLOCK = 1024 * 1024  # bytes of files in a block: some milliseconds to read and decompress, so that imports begin early

_BYTECODE_DIRECTORY = "/__pycache__"

Piece = tuple[str, int, int]  # a file's name, and size and start of the piece of it, in bytes
Contents = tuple[tuple[str, int, int], ...]  # the same with the file's SHA-256 in place of its name


class PackBlock(NamedTuple):
    """What is compressed together: the pieces of files to read, and where the function writes them."""

    pieces: list[Piece]
    members: list[Piece]


class Blocks:
    """The compressed blocks of an earlier start pack, by what is in them.

    Arguments:
        site: the directory of the packages with the start pack.
        entries: what they have to be.

    Attributes:
        compression: the name of the compression.
    """

    def __init__(self, site: Path, entries: tree.Entries) -> None:
        self._pack, self.compression = site / PACK, ZLIB
        self._places: dict[Contents, tuple[int, int]] = {}
        if {INDEX, PACK} <= entries.keys() and all(tree.matches(site / name, entries[name]) for name in (INDEX, PACK)):
            index = json.loads((site / INDEX).read_text())
            self.compression = index["compression"]
            for number, (offset, size, members) in enumerate(index["blocks"]):
                self._places[_contents(_pieces_of(number, members, index["modules"]), entries)] = offset, size

    def find(self, contents: Contents) -> bytes:
        """Return a block; empty if there is none."""
        offset, size = self._places.get(contents, (0, 0))
        return _piece(self._pack, size, offset) if size else b""


def write(
    site: Path,
    packed: tree.Entries,
    entries: "set[str]",
    into: Path,
    *,
    earlier: "Blocks | None" = None,
    compression: Compression = WITH_ZLIB,
) -> None:
    """Write the index and the pack.

    Arguments:
        site: the directory of the packages.
        packed: the files that are packed, in the order in which the imports read them.
        entries: the names of all files.
        into: the directory for the start pack.
        earlier: blocks that need not be compressed again, if it was in the same way.
        compression: how they are compressed.
    """
    same = earlier if earlier and earlier.compression == compression.name else None

    def compressed(block: PackBlock) -> bytes:
        found = same.find(_contents(block.pieces, packed)) if same else b""
        return found or compression.compress(_content(site, block.pieces))

    sizes = {name: entry["size"] for name, entry in packed.items()}
    sources = {name: source for name in packed if (source := _source(name, entries))}
    blocks = _blocks(sizes, {name for name in sources if name.endswith(".pyc")})
    places = list[Any]()
    with ThreadPoolExecutor(os.cpu_count()) as pool, (into / PACK).open("wb") as pack:
        offset = extension = pack.write(zlib.compress(compression.extension)) if compression.extension else 0
        for batch in _batches(blocks):
            for block, content in zip(batch, pool.map(compressed, batch), strict=True):
                places.append([offset, pack.write(content), block.members])
                offset += len(content)
    written = {name for block in blocks for name, _, _ in block.members}
    programs, total = [name for name in packed if os.access(site / name, os.X_OK)], sum(sizes.values())
    index = {"bytes": total, "blocks": places, "programs": programs, "modules": _modules(blocks, sources)}
    index |= {"compression": compression.name, **({"extension": [0, extension]} if extension else {})}
    (into / INDEX).write_text(json.dumps({**index, "links": _links(sizes, written, entries)}))
    report(
        f"start pack: {len(packed)} files, {total / 1e6:.0f} MB, {offset / 1e6:.0f} MB packed with {compression.name}"
    )


# -- what is in a block


def _contents(pieces: list[Piece], entries: tree.Entries) -> Contents:
    """Return what decides the bytes of a block."""
    return tuple((entries[name]["sha256"], size, start) for name, size, start in pieces)


def _pieces_of(number: int, members: "list[Any]", modules: "dict[str, list[Any]]") -> list[Piece]:
    """Return the pieces of files in a block, given the index that it is from."""
    if members[0][0] != BYTECODE:
        return members
    found = [(place[0], file, place[1]) for file, block, *place in modules.values() if place and block == number]
    return [(cache_from_source(file), size, 0) for _, file, size in sorted(found)]


def _blocks(packed: dict[str, int], bytecode: set[str]) -> list[PackBlock]:
    """Return the blocks in the order of their first files."""
    order = {name: place for place, name in enumerate(packed)}
    others = {name: size for name, size in packed.items() if name not in bytecode}
    blocks, start = [PackBlock(pieces, pieces) for pieces in _pieces(others)], 0
    for pieces in _pieces({name: size for name, size in packed.items() if name in bytecode}):
        total = sum(size for _, size, _ in pieces)
        blocks.append(PackBlock(pieces, [(BYTECODE, total, start)]))
        start += total
    return sorted(blocks, key=lambda block: order[block.pieces[0][0]])


def _pieces(sizes: dict[str, int]) -> Iterator[list[Piece]]:
    """Yield the pieces of files in each block.

    Small packages share blocks, large ones do not, so that one more package changes few blocks.
    """
    packages: dict[str, dict[str, int]] = {}
    for name, size in sizes.items():
        packages.setdefault(name.partition("/")[0], {})[name] = size
    for files in packages.values():
        if sum(files.values()) >= BLOCK:
            yield from _filled(files)
    small = [files for files in packages.values() if sum(files.values()) < BLOCK]
    yield from _filled({name: size for files in small for name, size in files.items()})


def _filled(sizes: dict[str, int]) -> Iterator[list[Piece]]:
    """Yield the pieces of files in full blocks, and in a last one."""
    pieces, total = list[Piece](), 0
    for name, size in sizes.items():
        for start in range(0, size or 1, BLOCK):
            piece = min(BLOCK, size - start)
            if pieces and total + piece > BLOCK:
                yield pieces
                pieces, total = [], 0
            pieces.append((name, piece, start))
            total += piece
    if pieces:
        yield pieces


def _batches(blocks: list[PackBlock]) -> Iterator[list[PackBlock]]:
    """Yield some blocks at a time: all that wait for being written are in memory."""
    for start in range(0, len(blocks), 64):
        yield blocks[start : start + 64]


def _content(site: Path, pieces: list[Piece]) -> bytes:
    return b"".join(_piece(site / name, size, start) for name, size, start in pieces)


def _piece(path: Path, size: int, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


# -- the index


def _source(name: str, entries: set[str]) -> str:
    """Return the file of the module that Python imports from bytecode or an extension module.

    Returns:
        An empty string if the file is neither, or another one would be imported in its place.
    """
    try:
        file = source_from_cache(name) if name.endswith(".pyc") else name
    except ValueError:  # bytecode beside its source, not in __pycache__
        return ""
    if name.endswith(".py"):  # a source that the import reads as data
        return ""
    module, suffixes = _module(file), [*EXTENSION_SUFFIXES, ".py"]
    order = [f"{module}{end}{suffix}" for end in ("/__init__", "") for suffix in suffixes]  # FileFinder's
    return file if next((each for each in order if each in entries), "") == file else ""


def _module(file: str) -> str:
    """Return the name of the module in a file, with slashes; without a suffix of extension modules or sources."""
    suffix = next((suffix for suffix in (*EXTENSION_SUFFIXES, ".py") if file.endswith(suffix)), "")
    return file.removesuffix(suffix).removesuffix("/__init__")


def _modules(blocks: list[PackBlock], sources: dict[str, str]) -> dict[str, list[Any]]:
    """Return file and block of each module, and for bytecode its place and size in the unpacked bytecode."""
    modules: dict[str, list[Any]] = {}
    for number, (pieces, members) in enumerate(blocks):
        packed, place = members[0][0] == BYTECODE, members[0][2]
        for name, size, _ in pieces:
            if file := sources.get(name):
                modules[_module(file)] = [file, number, place, size] if packed else [file, number]
            place += size
    return modules


def _links(packed: Iterable[str], written: "set[str]", entries: "set[str]") -> dict[str, list[str]]:
    """Return the directories of the local copy, each with its entries, which are links to the environment at first.

    A package with a packed file gets all its directories, because a walk through it does not follow links. Metadata is
    in directories as well: `importlib.metadata.entry_points` would follow links, to look for a file on the file system
    that most packages lack. Other packages without packed files are one link each. The directories of bytecode are
    empty: imports find it on the file system, and each walk the same files, whether it follows links or not.

    Arguments:
        packed: the names of the packed files.
        written: the names of the files that the function unpacks.
        entries: the names of all files.
    """
    local = {name.partition("/")[0] for name in packed}
    local |= {top for name in entries if (top := name.partition("/")[0]).endswith(".dist-info")}
    directories = {name.rpartition("/")[0] for name in written}
    links: dict[str, set[str]] = {}
    for name in entries:
        directory, _, entry = name.rpartition("/")
        if name.partition("/")[0] not in local:
            directory, entry = "", name.partition("/")[0]
        elif directory.endswith(_BYTECODE_DIRECTORY) and directory not in directories:
            links.setdefault(directory, set())
            continue
        links.setdefault(directory or ".", set()).add(entry)
    return {directory: sorted(names) for directory, names in sorted(links.items())}
