"""Part of a function's bundle: unpacks the start pack from the file system to local disk before the handler's import.

Standard library only. Several threads read and decompress the pack into the temporary directory. For all other files
there are links to the environment, so that everything can be imported. Then the local copy replaces the environment in
sys.path. If anything fails, sys.path is not changed: imports from the environment work, only slower.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

INDEX, PACK = "awsprov-start.json", "awsprov-start.pack"
THREADS = 8  # 4 and 16 are hardly slower; each thread holds a block in memory, compressed and decompressed
SHARE = 0.75  # of the free space in the temporary directory; the rest is left to the handler


def use_start_pack(site: str, below: "str | None" = None) -> str:
    """Unpack the start pack and put the local copy on sys.path.

    Arguments:
        site: the environment on the file system, as it is on sys.path.
        below: the directory for the local copy; the temporary directory by default.

    Returns:
        The entry on sys.path: the local copy, or `site` if the start pack could not be used.
    """
    try:
        local = unpacked(site, Path(below or tempfile.gettempdir(), "awsprov"))
    except Exception as error:  # a function must start even if its start pack is broken
        print(f"awsprov: no start pack, importing from {site}: {type(error).__name__}: {error}")
        return site
    sys.path[:] = [local if entry == site else entry for entry in sys.path]
    sys.path_importer_cache.pop(site, None)
    return local


def unpacked(site: str, home: Path) -> str:
    """Return the local copy; create it if it does not exist. It is renamed to its name when it is complete."""
    target = home / Path(site).name
    if target.is_dir():
        return str(target)
    index = json.loads(Path(site, INDEX).read_bytes())
    home.mkdir(mode=0o700, exist_ok=True)
    _delete_leftovers(home)
    _check_room(index["bytes"], home)
    scratch = home / f".{target.name}.{os.getpid()}"
    try:
        _create_directories(index["links"], site, str(scratch))
        _decompress(index["blocks"], set(index["programs"]), site, str(scratch))
        scratch.rename(target)
    except OSError:
        if not target.is_dir():  # otherwise another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return str(target)


def _delete_leftovers(home: Path) -> None:
    """Delete the incomplete copies of processes that were killed, one of which may have had this process's id."""
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


def _create_directories(links: "dict[str, list[str]]", site: str, scratch: str) -> None:
    """Create the directories, and in each of them links to what is not packed: files, and whole packages."""
    for directory, names in links.items():
        os.makedirs(f"{scratch}/{directory}", exist_ok=True)  # noqa: PTH103 - creating thousands of Paths is slow
        for name in names:
            os.symlink(f"{site}/{directory}/{name}", f"{scratch}/{directory}/{name}")  # noqa: PTH211 - as above


def _decompress(blocks: "list[Any]", programs: "set[str]", site: str, scratch: str) -> None:
    pack = os.open(f"{site}/{PACK}", os.O_RDONLY)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda block: _decompress_block(pack, scratch, block, programs), blocks):
                pass
    finally:
        os.close(pack)


def _decompress_block(pack: int, scratch: str, block: "list[Any]", programs: "set[str]") -> None:
    """Write the files, or pieces of files, of a block. A damaged block fails its checksum."""
    offset, length, members = block
    total = sum(size for _, size, _ in members)
    content = memoryview(zlib.decompress(os.pread(pack, length, offset), bufsize=total or 1))
    for name, size, start in members:
        mode = 0o755 if name in programs else 0o644
        descriptor = os.open(f"{scratch}/{name}", os.O_WRONLY | os.O_CREAT, mode)
        try:
            if os.pwrite(descriptor, content[:size], start) < size:
                raise OSError(f"no room for {name}")
        finally:
            os.close(descriptor)
        content = content[size:]
