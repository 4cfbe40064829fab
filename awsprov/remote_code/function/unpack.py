"""Goes into the bundle, and runs before the handler's import: brings the start pack from the file system to local disk.

Standard library only. Several threads read and inflate the pack below the temporary directory; what it lacks becomes
links into the environment, so that everything stays importable; then the environment's place on sys.path is taken by
the local copy. Whatever is wrong, sys.path stays as it was: the plain environment has everything, only slower.
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
THREADS = 8  # of 4, 8 and 16 the difference is small; each holds a block in memory, packed and inflated
SHARE = 0.75  # of what is free in the temporary directory; the rest is the handler's


def bring(site: str, below: "str | None" = None) -> str:
    """Have the start pack on local disk and on sys.path.

    Arguments:
        site: the environment on the file system, as it stands on sys.path.
        below: where to put it; the temporary directory when nothing is given.

    Returns:
        The entry that is on sys.path now: the local one, or `site` when the pack could not be used.
    """
    try:
        local = unpacked(site, Path(below or tempfile.gettempdir(), "awsprov"))
    except Exception as error:  # a function must start, whatever is wrong with its pack
        print(f"awsprov: no start pack, importing from {site}: {type(error).__name__}: {error}")
        return site
    sys.path[:] = [local if entry == site else entry for entry in sys.path]
    sys.path_importer_cache.pop(site, None)
    return local


def unpacked(site: str, home: Path) -> str:
    """The local copy, made when it is not there. It has its name only once it is whole."""
    target = home / Path(site).name
    if target.is_dir():
        return str(target)
    index = json.loads(Path(site, INDEX).read_bytes())
    home.mkdir(mode=0o700, exist_ok=True)
    _forget_the_dead(home)
    _check_room(index["bytes"], home)
    scratch = home / f".{target.name}.{os.getpid()}"
    try:
        _lay_out(index["links"], site, str(scratch))
        _inflate(index["blocks"], site, str(scratch))
        scratch.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was quicker
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return str(target)


def _forget_the_dead(home: Path) -> None:
    """Remove what a process that was killed has left, one with our own id among them."""
    for left in home.glob(".*"):
        pid = int(left.suffix[1:])
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != os.getpid():
                os.kill(pid, 0)
                continue
        shutil.rmtree(left, ignore_errors=True)


def _check_room(needed: int, home: Path) -> None:
    free = shutil.disk_usage(home).free
    if needed > free * SHARE:
        raise OSError(f"it takes {needed / 1e6:.0f} MB of {free / 1e6:.0f} MB that are free in {home.parent}")


def _lay_out(links: "dict[str, list[str]]", site: str, scratch: str) -> None:
    """Directories, parents first, and in each of them links to what is not packed."""
    for directory, names in links.items():
        os.makedirs(f"{scratch}/{directory}", exist_ok=True)  # noqa: PTH103 - thousands of Paths take their time
        for name in names:
            os.symlink(f"{site}/{directory}/{name}", f"{scratch}/{directory}/{name}")  # noqa: PTH211 - likewise


def _inflate(blocks: "list[Any]", site: str, scratch: str) -> None:
    pack = os.open(f"{site}/{PACK}", os.O_RDONLY)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda block: _inflate_block(pack, scratch, *block), blocks):
                pass
    finally:
        os.close(pack)


def _inflate_block(pack: int, scratch: str, offset: int, length: int, members: "list[tuple[str, int]]") -> None:
    """Write the files of a block. A block that was cut or damaged does not pass its checksum."""
    whole = sum(size for _, size in members)
    content = memoryview(zlib.decompress(os.pread(pack, length, offset), bufsize=whole))
    for name, size in members:
        with open(f"{scratch}/{name}", "wb", 0) as file:  # noqa: PTH123 - likewise
            file.write(content[:size])
        content = content[size:]
