"""Part of a function's bundle: the process that unpacks the start pack.

Standard library only, but for the extension module that a start pack contains if Python itself cannot decompress it.
Only this process loads it, so that the handler's own process has no module that its lock file does not contain.
"""

import contextlib
import errno
import importlib
import os
import shutil
import sys
import zlib
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

INDEX, PACK, BYTECODE = "awsprov-start.json", "awsprov-start.pack", "awsprov-start.bytecode"
_LARGE = 31 * 1024 * 1024  # bytes; nothing is learned from more than 32 MB
THREADS = 4  # some read while others decompress; each holds a block in memory, compressed and decompressed


class Unpacking:
    """A process that unpacks the blocks. At the first error it logs one line and ends.

    It starts before there are links, with the first blocks, and waits for them before it writes.

    Threads would wait for the interpreter's lock, which the import holds, after each read, decompression and write.
    """

    def __init__(self, index: "dict[str, Any]", site: str, path: str) -> None:
        self._site, self._path = site, path
        self._index, self._blocks, self._programs = index, index["blocks"], index["programs"]
        self._links_exist, self._creating_links = os.pipe()  # a read ends when the other end is closed

    def start(self) -> int:
        """Start the process, which no `os.wait` of the handler finds; return a pipe to which it reports each block."""
        reports, pipe = os.pipe()
        sys.stdout.flush()  # otherwise both processes would write what is in the buffer
        if child := os.fork():
            os.close(pipe)
            os.close(self._links_exist)
            os.waitpid(child, 0)
            return reports
        try:
            if not os.fork():
                os.close(reports)
                os.close(self._creating_links)
                os.nice(19)  # an import must not be slowed down by blocks that it does not need yet
                with contextlib.suppress(BrokenPipeError):  # the process that imports has ended
                    self._run(pipe)
        except Exception as error:  # whatever it is, the file system has the files
            reason = f"{type(error).__name__}: {error}"
            print(f"awsprov: incomplete start pack, importing the rest from {self._site}: {reason}", flush=True)
        finally:
            os._exit(0)

    def replace_links(self) -> None:
        """Let the process replace links: they exist, or will never exist."""
        os.close(self._creating_links)

    def _run(self, pipe: int) -> None:
        """Unpack all blocks; then mark the copy as complete."""
        from concurrent.futures import ThreadPoolExecutor  # takes time, during which links are created

        scratch = scratch_of(self._path)
        scratch.mkdir()
        last = {name: number for number, block in enumerate(self._blocks) for name, *_ in block[2]}
        last.pop(BYTECODE, None)  # it is read while it is written
        self._temporary = {name: f"{scratch}/{n}" for n, name in enumerate(last)}
        self._pack = os.open(f"{self._site}/{PACK}", os.O_RDONLY)
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                self._decompressor = pool.submit(_decompressor, self._index, self._pack, scratch)
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
        compressed = os.pread(self._pack, length, offset)
        content = memoryview(self._decompressor.result()(compressed, total))
        os.read(self._links_exist, 1)
        for name, size, start in members:
            self._write(name, content[:size], start)
            content = content[size:]

    def _write(self, name: str, content: memoryview, start: int) -> None:
        path, mode = self._temporary.get(name, f"{self._path}/{BYTECODE}"), 0o755 if name in self._programs else 0o644
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "wb", 0) as file:
            if os.pwrite(file.fileno(), content, start) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _decompressor(index: "dict[str, Any]", pack: int, scratch: Path) -> "Callable[[bytes, int], bytes]":
    """Return what decompresses a block, given its size before compression."""
    if index.get("compression", "zlib") == "zlib":  # by default in an environment of an older awsprov
        return lambda content, size: zlib.decompress(content, bufsize=size or 1)
    if "extension" not in index:  # Python 3.14 and later; a handler may have a module `compression`
        return _complete(importlib.import_module("_zstd"))
    offset, length = index["extension"]
    path = scratch / "_zstd.so"
    path.write_bytes(zlib.decompress(os.pread(pack, length, offset)))
    spec: Any = spec_from_file_location("_zstd", path)
    zstd = module_from_spec(spec)
    spec.loader.exec_module(zstd)
    return _complete(zstd)


def _complete(zstd: Any) -> "Callable[[bytes, int], bytes]":
    """Return what decompresses a block with zstd. Without its end, it has no checksum.

    After a large piece of memory was freed, glibc keeps what is freed later, up to twice its size (mallopt(3),
    M_TRIM_THRESHOLD). Otherwise the kernel would get the memory back after each block: half of the time.
    """
    bytes(_LARGE)

    def decompress(content: bytes, size: int) -> bytes:
        decompressor = zstd.ZstdDecompressor()
        found: bytes = decompressor.decompress(content)
        if not decompressor.eof:
            raise EOFError(f"a block of {size} bytes is incomplete")
        return found

    return decompress


def scratch_of(path: str) -> Path:
    """Return the directory in which this process prepares what it moves to the local copy."""
    return Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
