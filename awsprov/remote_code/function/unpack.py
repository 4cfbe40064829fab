"""Part of a function's bundle: unpacks the start pack from the file system to local disk while the handler is imported.

Standard library only. The local copy of the environment has every file from the beginning, as a link to the file
system, and replaces the environment in sys.path. Another process reads and decompresses the pack, whose blocks are in
the order in which the imports need them, and replaces links by files. An import waits for the blocks that it needs. If
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
from concurrent.futures import ThreadPoolExecutor
from importlib import machinery
from importlib.util import cache_from_source, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

INDEX, PACK, BYTECODE = "awsprov-start.json", "awsprov-start.pack", "awsprov-start.bytecode"
THREADS = 4  # some read while others decompress; each holds a block in memory, compressed and decompressed
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
        if any(Path(site).glob("*.dist-info")):  # an environment without packages needs no start pack
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
        self._lock, self._reports = threading.Lock(), -1
        self._unpacked = len(index["blocks"])  # blocks at the beginning that are unpacked
        if not complete.exists():
            home.mkdir(mode=0o700, exist_ok=True)
            _delete_leftovers(home)
            _check_room(index["bytes"], home)
            _create_links(index, site, self.path)
            self._unpacked, self._reports = 0, _Unpacking(index, site, self.path).start()
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
        super().__init__(path, *_LOADERS)
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
    """A process that unpacks the blocks. At the first error it logs one line and ends.

    Threads would wait for the interpreter's lock, which the import holds, after each read, decompression and write.
    """

    def __init__(self, index: "dict[str, Any]", site: str, path: str) -> None:
        self._site, self._path = site, path
        self._blocks, self._programs = index["blocks"], index["programs"]

    def start(self) -> int:
        """Start the process, which no `os.wait` of the handler finds; return a pipe to which it reports each block."""
        reports, pipe = os.pipe()
        sys.stdout.flush()  # otherwise both processes would write what is in the buffer
        if child := os.fork():
            os.close(pipe)
            os.waitpid(child, 0)
            return reports
        try:
            if not os.fork():
                os.close(reports)
                os.nice(19)  # an import must not be slowed down by blocks that it does not need yet
                with contextlib.suppress(BrokenPipeError):  # the process that imports has ended
                    self._run(pipe)
        except Exception as error:  # whatever it is, the file system has the files
            reason = f"{type(error).__name__}: {error}"
            print(f"awsprov: incomplete start pack, importing the rest from {self._site}: {reason}", flush=True)
        finally:
            os._exit(0)

    def _run(self, pipe: int) -> None:
        """Unpack all blocks; then mark the copy as complete."""
        scratch = _scratch(self._path)
        scratch.mkdir()
        last = {name: number for number, block in enumerate(self._blocks) for name, *_ in block[2]}
        last.pop(BYTECODE, None)  # it is read while it is written
        self._temporary = {name: f"{scratch}/{n}" for n, name in enumerate(last)}
        self._pack = os.open(f"{self._site}/{PACK}", os.O_RDONLY)
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                for number, _ in enumerate(pool.map(self._unpack, self._blocks)):
                    for name in (name for name, *_ in self._blocks[number][2] if last.get(name) == number):
                        Path(self._temporary[name]).replace(f"{self._path}/{name}")
                    os.write(pipe, b".")
            shutil.copyfile(f"{self._site}/{INDEX}", scratch / INDEX)
            (scratch / INDEX).replace(f"{self._path}/{INDEX}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _unpack(self, block: "tuple[int, int, list[Any]]") -> None:
        """Write the files, or pieces of files, of a block. A damaged block fails its checksum."""
        offset, length, members = block
        total = sum(size for _, size, _ in members)
        content = memoryview(zlib.decompress(os.pread(self._pack, length, offset), bufsize=total or 1))
        for name, size, start in members:
            self._write(name, content[:size], start)
            content = content[size:]

    def _write(self, name: str, content: memoryview, start: int) -> None:
        path, mode = self._temporary.get(name, f"{self._path}/{BYTECODE}"), 0o755 if name in self._programs else 0o644
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "wb", 0) as file:
            if os.pwrite(file.fileno(), content, start) < len(content):
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


def _scratch(path: str) -> Path:
    """Return the directory in which this process prepares what it moves to the local copy."""
    return Path(path).with_name(f".{Path(path).name}.{os.getpid()}")


def _create_links(index: "dict[str, Any]", site: str, path: str) -> None:
    """Create the local copy: directories, in each of them links to files, and to whole packages, and empty bytecode."""
    if Path(path).is_dir():  # another process has created it, or is unpacking it now
        return
    scratch = _scratch(path)
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
