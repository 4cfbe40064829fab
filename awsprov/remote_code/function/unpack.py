"""Part of a function's bundle: imports from the start pack while it is unpacked from the file system to local disk.

Standard library only. The local copy of the environment has every file from the beginning, as a link to the file
system, and replaces the environment in sys.path. Another process (`unpacking.py`) replaces links by files, in the order
in which the imports need them. An import waits for the blocks that it needs. If anything fails, links are left: imports
work, only slower.

Bytecode is not unpacked into thousands of files, but into one, which is mapped into memory; what is not packed is read
from the file system. Sources stay links: an import needs none, and tracebacks and `inspect` find them there.
"""

import contextlib
import json
import mmap
import os
import shutil
import sys
import tempfile
import threading
from functools import partial
from importlib import machinery
from importlib.util import cache_from_source, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from .unpacking import BYTECODE, INDEX, Unpacking, scratch_of

SHARE = 0.75  # of the free space in the temporary directory; the rest is left to the handler


def use_start_pack(site: str, below: "str | None" = None) -> str:
    """Start to unpack the start pack, and put the local copy on sys.path.

    Arguments:
        site: the environment on the file system, as it is on sys.path.
        below: the directory for the local copy; the temporary directory by default.

    Returns:
        The entry on sys.path: the local copy, or `site` if the start pack is empty or could not be used.
    """
    try:
        path = Path(below or tempfile.gettempdir(), "awsprov", Path(site).name)
        complete = (path / INDEX).exists()
        index = json.loads((path if complete else Path(site)).joinpath(INDEX).read_bytes())
        if not index["blocks"]:
            return site
        copy = _LocalCopy(site, path, index, complete)
    except Exception as error:  # a function must start even if its start pack is broken
        print(f"awsprov: no start pack, importing from {site}: {type(error).__name__}: {error}")
        return site
    sys.path_hooks.insert(0, copy.finder)
    sys.path[:] = [copy.path if entry == site else entry for entry in sys.path]
    sys.path_importer_cache.pop(site, None)
    return copy.path


class _LocalCopy:
    """The local copy of an environment. It is complete when it contains the index.

    Attributes:
        site: the environment on the file system.
        path: the directory.
        modules: by name with slashes for dots, the file of each packed module, its block, and for bytecode where it
            begins in the unpacked bytecode, and its size.
        bytecode: the unpacked bytecode.
    """

    def __init__(self, site: str, path: Path, index: "dict[str, Any]", complete: bool) -> None:
        self.site, self.path, home = site, str(path), path.parent
        self.modules: dict[str, list[Any]] = index["modules"]
        self._lock, self._reports = threading.Lock(), -1
        self._unpacked = len(index["blocks"])  # blocks at the beginning that are unpacked
        if not complete:
            home.mkdir(mode=0o700, exist_ok=True)
            _delete_leftovers(home)
            _check_room(index["bytes"], home)
            unpacking = Unpacking(index, site, self.path)
            self._unpacked, self._reports = 0, unpacking.start()
            try:
                _create_links(index, site, self.path)
            finally:
                unpacking.replace_links()
            os.register_at_fork(after_in_child=self._stop_waiting)
        with Path(self.path, BYTECODE).open("rb") as file:
            self.bytecode = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def has(self, block: int) -> bool:
        """Wait for a block and those before it; return whether all of them could be unpacked."""
        if block >= self._unpacked:
            with self._lock:
                while block >= self._unpacked and (reports := os.read(self._reports, 4096)):
                    self._unpacked += len(reports)
        return block < self._unpacked

    def _stop_waiting(self) -> None:
        """In a forked process, use the blocks reported until then: all other reports are for its parent."""
        os.close(self._reports)
        self._lock, self._reports = threading.Lock(), os.open(os.devnull, os.O_RDONLY)

    def finder(self, path: str) -> "_Finder":
        """Return the finder of modules in a directory; a path hook (importlib, "sys.path_hooks")."""
        if path != self.path and not path.startswith(f"{self.path}/"):
            raise ImportError(f"{path} is not in the start pack")
        return _Finder(path, self)


class _Finder(machinery.FileFinder):
    """Finds packed modules in the index of the start pack, without a look at the disk, and all others as usual."""

    def __init__(self, path: str, copy: _LocalCopy) -> None:
        loaders: list[tuple[Any, list[str]]] = [  # as in the finder that Python uses itself
            (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
            (partial(_SourceLoader, copy=copy), machinery.SOURCE_SUFFIXES),
            (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
        ]
        super().__init__(path, *loaders)
        self._copy = copy
        self._prefix = f"{path[len(copy.path) + 1 :]}/" if path != copy.path else ""

    def find_spec(self, fullname: str, target: "ModuleType | None" = None) -> "machinery.ModuleSpec | None":
        """Return the spec of a module, or None if it is not in this directory."""
        file, block, *place = self._copy.modules.get(self._prefix + fullname.rpartition(".")[2], ("", 0))
        if not file or not self._copy.has(block):
            return super().find_spec(fullname, target)
        path = f"{self._copy.path}/{file}"
        if not place:  # an extension module
            return spec_from_file_location(fullname, path)
        start, size = place
        loader = _BytecodeLoader(fullname, path, memoryview(self._copy.bytecode)[start : start + size])
        return spec_from_file_location(fullname, path, loader=loader)


class _SourceLoader(machinery.SourceFileLoader):
    """Loads a module that is not packed: its source is a link, its bytecode is on the file system only."""

    def __init__(self, fullname: str, path: str, copy: _LocalCopy) -> None:
        super().__init__(fullname, path)
        self._copy = copy

    def get_data(self, path: str) -> bytes:
        """Return the content of a file; of this module's bytecode from the file system."""
        if path == cache_from_source(self.path):
            path = f"{self._copy.site}{path[len(self._copy.path) :]}"
        return super().get_data(path)


class _BytecodeLoader(machinery.SourceFileLoader):
    """Loads a module from unpacked bytecode, without a look at its source: it is compiled for exactly this source."""

    def __init__(self, fullname: str, path: str, bytecode: memoryview) -> None:
        super().__init__(fullname, path)
        self._bytecode = bytecode

    def path_stats(self, path: str) -> "dict[str, int]":
        """Return no time and size, which only bytecode needs that is checked."""
        return {"mtime": 0, "size": 0}

    def get_data(self, path: str) -> bytes:
        """Return the content of a file; unpacked bytecode if it is this module's."""
        return bytes(self._bytecode) if path == cache_from_source(self.path) else super().get_data(path)


def _delete_leftovers(home: Path) -> None:
    """Delete what processes left that were killed, one of which may have had this process's id."""
    for leftover in home.glob(".*"):
        pid = int(leftover.suffix[1:])
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != os.getpid():
                os.kill(pid, 0)
                continue
        shutil.rmtree(leftover, ignore_errors=True)


def _check_room(needed: int, home: Path) -> None:
    free = shutil.disk_usage(home).free
    if needed > free * SHARE:
        raise OSError(f"it needs {needed / 1e6:.0f} MB, and {home.parent} has {free / 1e6:.0f} MB free")


def _create_links(index: "dict[str, Any]", site: str, path: str) -> None:
    """Create the local copy: directories, in each of them links to files, and to whole packages, and empty bytecode."""
    if Path(path).is_dir():  # another process has created it, or is unpacking it now
        return
    scratch = scratch_of(path)
    try:
        for directory, names in index["links"].items():
            os.makedirs(f"{scratch}/{directory}", exist_ok=True)  # noqa: PTH103 - creating thousands of Paths is slow
            for name in names:
                os.symlink(f"{site}/{directory}/{name}", f"{scratch}/{directory}/{name}")  # noqa: PTH211 - as above
        with (scratch / BYTECODE).open("wb") as file:
            file.truncate(max([1, *(sum(place) for _, _, *place in index["modules"].values())]))
        scratch.rename(path)
    except OSError:
        if not Path(path).is_dir():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
