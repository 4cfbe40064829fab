"""Part of a function's bundle: unpacks the start pack from the file system to local disk while the handler is imported.

Standard library only. The local copy of the environment has every file from the beginning, as a link to the file
system, and replaces the environment in sys.path. Threads then read and decompress the pack, whose blocks are in the
order in which the imports need them, and replace links by files. An import waits for the blocks that it needs. If
anything fails, links are left: imports work, only slower.

Bytecode is not unpacked into thousands of files, but into one, which is mapped into memory. Sources stay links: an
import needs none, and tracebacks and `inspect` find them there.
"""

import contextlib
import errno
import json
import mmap
import os
import shutil
import sys
import tempfile
import threading
import zlib
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import machinery
from importlib.util import cache_from_source, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

INDEX, PACK, BYTECODE = "awsprov-start.json", "awsprov-start.pack", "awsprov-start.bytecode"
THREADS = 4  # two read while two decompress; each holds a block in memory, compressed and decompressed
SHARE = 0.75  # of the free space in the temporary directory; the rest is left to the handler
_LOADERS: "list[tuple[Any, list[str]]]" = [  # as in the finder that Python uses itself
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
]


def use_start_pack(site: str, below: "str | None" = None) -> str:
    """Start to unpack the start pack, and put the local copy on sys.path.

    Arguments:
        site: the environment on the file system, as it is on sys.path.
        below: the directory for the local copy; the temporary directory by default.

    Returns:
        The entry on sys.path: the local copy, or `site` if the start pack could not be used.
    """
    try:
        copy = _LocalCopy(site, Path(below or tempfile.gettempdir(), "awsprov"))
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
        path: the directory.
        modules: by name with slashes for dots, the file of each packed module, its block, and for bytecode where it
            begins in the unpacked bytecode, and its size.
        bytecode: the unpacked bytecode.
    """

    def __init__(self, site: str, home: Path) -> None:
        self.path = str(home / Path(site).name)
        complete = Path(self.path, INDEX)
        index = json.loads((complete if complete.exists() else Path(site, INDEX)).read_bytes())
        self.modules: dict[str, list[Any]] = index["modules"]
        self._blocks: list[Future[bool]] = []
        self._unpacked = len(index["blocks"]) if complete.exists() else 0  # blocks at the beginning that are unpacked
        if not complete.exists():
            home.mkdir(mode=0o700, exist_ok=True)
            _delete_leftovers(home)
            _check_room(index["bytes"], home)
            scratch = home / f".{Path(site).name}.{os.getpid()}"
            _create_links(index["links"], site, scratch, self.path)
            self._blocks = _Unpacking(index, site, scratch, self.path).blocks
            os.register_at_fork(after_in_child=self._blocks.clear)  # the threads are not in the child
        with Path(self.path, BYTECODE).open("rb") as file:
            self.bytecode = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def has(self, block: int) -> bool:
        """Wait for a block and those before it; return whether all of them could be unpacked."""
        while (unpacked := self._unpacked) <= block:
            if unpacked >= len(self._blocks) or not self._blocks[unpacked].result():
                return False
            self._unpacked = max(self._unpacked, unpacked + 1)
        return True

    def finder(self, path: str) -> "_Finder":
        """Return the finder of modules in a directory; a path hook (importlib, "sys.path_hooks")."""
        if path != self.path and not path.startswith(f"{self.path}/"):
            raise ImportError(f"{path} is not in the start pack")
        return _Finder(path, self)


class _Finder(machinery.FileFinder):
    """Finds packed modules in the index of the start pack, without a look at the disk, and all others as usual."""

    def __init__(self, path: str, copy: _LocalCopy) -> None:
        super().__init__(path, *_LOADERS)
        self._copy = copy
        self._prefix = f"{path[len(copy.path) + 1 :]}/" if path != copy.path else ""

    def find_spec(self, fullname: str, target: "ModuleType | None" = None) -> "machinery.ModuleSpec | None":
        """Return the spec of a module, or None if it is not in this directory."""
        file, block, *place = self._copy.modules.get(self._prefix + fullname.rpartition(".")[2], ("", 0))
        if not file or not self._copy.has(block):
            return super().find_spec(fullname, target)
        path = f"{self._copy.path}/{file}"
        loader: machinery.ExtensionFileLoader | _BytecodeLoader
        if place:
            start, size = place
            loader = _BytecodeLoader(fullname, path, memoryview(self._copy.bytecode)[start : start + size])
        else:
            loader = machinery.ExtensionFileLoader(fullname, path)
        return spec_from_file_location(fullname, path, loader=loader)


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


class _Unpacking:
    """Threads that unpack the blocks. After the first error, no more is unpacked, and one line is logged.

    Attributes:
        blocks: for each block, whether it could be unpacked.
    """

    def __init__(self, index: "dict[str, Any]", site: str, scratch: Path, path: str) -> None:
        self._site, self._scratch, self._path = site, scratch, path
        self._programs = set(index["programs"])
        self._error: Exception | None = None
        self._missing = Counter[str]()  # bytes of each file
        for _, _, members in index["blocks"]:
            for name, size, _ in members:
                self._missing[name] += size
        self._numbers = {name: number for number, name in enumerate(self._missing)}
        self._lock = threading.Lock()
        scratch.mkdir()
        self._pack = os.open(f"{site}/{PACK}", os.O_RDONLY)
        self._bytecode = os.open(f"{path}/{BYTECODE}", os.O_RDWR | os.O_CREAT, 0o644)
        os.ftruncate(self._bytecode, self._missing[BYTECODE] or 1)
        pool = ThreadPoolExecutor(THREADS)
        self.blocks = [pool.submit(self._unpack, *block) for block in index["blocks"]]
        pool.submit(self._finish, list(self.blocks))
        pool.shutdown(wait=False)

    def _unpack(self, offset: int, length: int, members: "list[Any]") -> bool:
        """Write the files, or pieces of files, of a block. A damaged block fails its checksum."""
        try:
            if not self._error:
                total = sum(size for _, size, _ in members)
                content = memoryview(zlib.decompress(os.pread(self._pack, length, offset), bufsize=total or 1))
                for name, size, start in members:
                    self._write(name, content[:size], start)
                    content = content[size:]
        except Exception as error:  # whatever it is, the file system has the files
            self._error = self._error or error
        return not self._error

    def _write(self, name: str, content: memoryview, start: int) -> None:
        """Write a piece of a file. A complete file replaces the link that has its name."""
        if name == BYTECODE:
            _write_all(self._bytecode, content, start)
            return
        temporary = f"{self._scratch}/{self._numbers[name]}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o755 if name in self._programs else 0o644)
        try:
            _write_all(descriptor, content, start)
        finally:
            os.close(descriptor)
        with self._lock:
            self._missing[name] -= len(content)
            complete = not self._missing[name]
        if complete:
            os.replace(temporary, f"{self._path}/{name}")  # noqa: PTH105 - creating thousands of Paths is slow

    def _finish(self, blocks: "list[Future[bool]]") -> None:
        """Wait for all blocks; mark the copy as complete, or log why it is not."""
        unpacked = [block.result() for block in blocks]  # all of them: a thread that works needs the descriptors
        if all(unpacked):
            shutil.copyfile(f"{self._site}/{INDEX}", self._scratch / INDEX)
            (self._scratch / INDEX).replace(f"{self._path}/{INDEX}")
        else:
            reason = f"{type(self._error).__name__}: {self._error}"
            print(f"awsprov: incomplete start pack, importing the rest from {self._site}: {reason}")
        shutil.rmtree(self._scratch, ignore_errors=True)
        os.close(self._pack)
        os.close(self._bytecode)


def _write_all(descriptor: int, content: memoryview, start: int) -> None:
    if os.pwrite(descriptor, content, start) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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


def _create_links(links: "dict[str, list[str]]", site: str, scratch: Path, path: str) -> None:
    """Create the local copy: directories, and in each of them links to files, and to whole packages."""
    if Path(path).is_dir():  # another process has created it, or is unpacking it now
        return
    try:
        for directory, names in links.items():
            os.makedirs(f"{scratch}/{directory}", exist_ok=True)  # noqa: PTH103 - creating thousands of Paths is slow
            for name in names:
                os.symlink(f"{site}/{directory}/{name}", f"{scratch}/{directory}/{name}")  # noqa: PTH211 - as above
        scratch.rename(path)
    except OSError:
        if not Path(path).is_dir():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
