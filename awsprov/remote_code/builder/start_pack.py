"""Imports the handlers and packs the files of libraries that they read, for a fast cold start.

Each handler is imported once, in a process of its own, which `observe.py` runs in: as a user who owns nothing, without
network and instance metadata, and with all processes that it started ended at the end. If it raises, hangs or crashes,
the files that it has read until then are packed, and the installation continues.

The start pack is two files. `awsprov-start.pack` contains blocks of compressed files or pieces of files, some megabytes
each, which need few and large reads. `awsprov-start.json` lists what is in each block, and the other entries of the
directories.
"""

import contextlib
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from . import tree
from .workspace import report

INDEX, PACK = "awsprov-start.json", "awsprov-start.pack"
WITHIN = 120.0  # seconds for the import of one handler; Lambda allows ten
LONGEST = 16 * 1024 * 1024  # bytes of names that one import may report
BLOCK = 4 * 1024 * 1024  # bytes of files in a block: some milliseconds to read, and enough blocks for all threads
LEVEL = 4  # of compression: level 6 saves 4 % and takes twice as long
UNPRIVILEGED = "65534"  # the user and group that own nothing on Amazon Linux

Member = tuple[str, int, int]  # a file's name, and size and start of the piece of it, in bytes


# -- packing


def make(site: Path, handlers: "dict[str, dict[str, Any]]", into: Path, files: Path | None = None) -> list[Path]:
    """Import the handlers and write a start pack of the files that they read.

    Arguments:
        site: the directory of the packages on the local disk.
        handlers: `code` (path of a zip), `handler` and `variables` of each function.
        into: the directory for the start pack, which is created.
        files: the directory of the user's files, which functions read from the file system: no pack has them.

    Returns:
        The files of the start pack; none if the handlers read nothing.
    """
    entries, used = set(tree.walk(site)), set[str]()
    into.mkdir()
    for name, about in handlers.items():
        read, error = profile(site, into.with_name(f"code-{name}"), **about, files=files)
        used |= read & entries
        note = f"; its import failed: {error}" if error else ""
        report(f"start pack: {name} reads {len(read & entries)} files{note}")
    packed = {name: (site / name).stat().st_size for name in sorted(used) if not (site / name).is_symlink()}
    if packed:
        _write(site, packed, entries, into)
    return sorted(into.iterdir())


def unpacked_size(pack: list[Path]) -> int:
    """Return the bytes of the files in a start pack, given its files; 0 without one."""
    index = next((path for path in pack if path.name == INDEX), None)
    return int(json.loads(index.read_text())["bytes"]) if index else 0


def _write(site: Path, packed: dict[str, int], entries: set[str], into: Path) -> None:
    """Write the index and the pack."""
    blocks, offset = [], 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, (into / PACK).open("wb") as pack:
        for batch in _batches(list(_blocks(packed))):
            for members, block in zip(batch, pool.map(lambda members: _compressed(site, members), batch), strict=True):
                blocks.append([offset, pack.write(block), members])
                offset += len(block)
    programs = [name for name in packed if os.access(site / name, os.X_OK)]
    index = {"bytes": sum(packed.values()), "blocks": blocks, "programs": programs, "links": _links(packed, entries)}
    (into / INDEX).write_text(json.dumps(index))
    size, compressed = f"{sum(packed.values()) / 1e6:.0f} MB", f"{offset / 1e6:.0f} MB"
    report(f"start pack: {len(packed)} files, {size}, {compressed} packed")


def _blocks(packed: dict[str, int]) -> Iterator[list[Member]]:
    """Yield the contents of each block, the largest files first: one at the end would keep a single thread busy."""
    members, size = list[Member](), 0
    for name in sorted(packed, key=lambda name: (-packed[name], name)):
        for start in range(0, packed[name] or 1, BLOCK):
            piece = min(BLOCK, packed[name] - start)
            if members and size + piece > BLOCK:
                yield members
                members, size = [], 0
            members.append((name, piece, start))
            size += piece
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


def _links(packed: dict[str, int], entries: set[str]) -> dict[str, list[str]]:
    """Return the directories of the local copy, each with the names that are links to the environment.

    A package with a packed file gets all its directories, because a walk through it does not follow links. A package
    without packed files is one link.
    """
    local = {PurePosixPath(name).parts[0] for name in packed}
    links: dict[str, set[str]] = {parent.as_posix(): set() for name in packed for parent in PurePosixPath(name).parents}
    for path in map(PurePosixPath, entries - set(packed)):
        linked = path if path.parts[0] in local else PurePosixPath(path.parts[0])
        links.setdefault(linked.parent.as_posix(), set()).add(linked.name)
    return {directory: sorted(names) for directory, names in sorted(links.items())}


# -- observing imports


def profile(
    site: Path, task: Path, code: str, handler: str, variables: dict[str, str], *, files: Path | None = None
) -> "tuple[set[str], str]":
    """Import a handler; return the files of packages that it reads, and the error if the import failed.

    Arguments:
        site: the directory of the packages.
        task: a directory for the function's code, which is created.
        code: the path of a zip with it.
        handler: a module and a function in it, as `module.function`.
        variables: the function's variables.
        files: the directory of the user's files.
    """
    if files:
        variables = {**variables, "AWSPROV_FILES": str(files)}
    zipfile.ZipFile(code).extractall(task)
    about = {"site": str(site), "code": str(task), "handler": handler, "environment": _environment(site, variables)}
    source = resources.files(__package__ or "").joinpath("observe.py").read_text(encoding="utf-8")
    with passable(site), passable(files or site):
        output, error = _run([*isolated(), sys.executable, "-I", "-S", "-B", "-c", source], json.dumps(about).encode())
    records = [os.fsdecode(record) for record in output.split(b"\0") if record]
    errors = [record.removeprefix("/") for record in records if record.startswith("/")]
    return {record for record in records if not record.startswith("/")}, errors[-1] if errors else error


def isolated(within: float = WITHIN) -> list[str]:
    """Return the command that runs another one as a user who owns nothing, without network, for some seconds at most.

    The processes are in a PID namespace, so that none survives the one that started them.
    """
    limited = ["sudo", "-n", "timeout", "--signal=KILL", f"{within:.0f}"]
    alone = ["unshare", "--net", "--ipc", "--pid", "--fork", "--kill-child"]
    user = ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups", "--no-new-privs"]
    return [*limited, *alone, *user, "--inh-caps=-all", "--bounding-set=-all"]


def _environment(site: Path, variables: dict[str, str]) -> dict[str, str]:
    """Return the environment of the import: the function's variables, without secrets and AWS credentials."""
    fixed = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    base = {"PATH": os.defpath, "HOME": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108 - as in Lambda # nosec B108
    return {**base, **region, **variables, **fixed}


@contextlib.contextmanager
def passable(directory: Path) -> Iterator[None]:
    """Let other users pass through the directories above one, without listing them, while they read what is in it."""
    modes = {parent: parent.stat() for parent in directory.parents}
    closed = {
        parent: stat.S_IMODE(found.st_mode)
        for parent, found in modes.items()
        if found.st_uid == os.getuid() and not found.st_mode & stat.S_IXOTH
    }
    try:
        for parent, mode in closed.items():
            parent.chmod(mode | stat.S_IXOTH)
        yield
    finally:
        for parent, mode in closed.items():
            parent.chmod(mode)


def _run(command: list[str], message: bytes) -> "tuple[bytes, str]":
    """Run a command with a message; return its output, and an error if it failed, was too slow or wrote too much."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin:  # type: ignore[union-attr]  # it is a pipe
            process.stdin.write(message)  # type: ignore[union-attr]  # as above
        output, error = _read(process)
        if not error:  # all its output is here, so that it has ended or is about to
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # those of root end by themselves
            os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    return output, error or (f"exit status {status if status > 0 else 128 - status}" if status else "")


def _read(process: "subprocess.Popen[bytes]") -> "tuple[bytes, str]":
    """Return what a process writes, and an error if it was too slow or wrote too much."""
    output, began = b"", time.monotonic()
    pipe: Any = process.stdout
    with selectors.DefaultSelector() as selector, pipe:
        selector.register(pipe, selectors.EVENT_READ)
        while len(output) < LONGEST:
            if not selector.select(began + WITHIN + 5 - time.monotonic()):
                break
            if not (piece := os.read(pipe.fileno(), 65536)):
                break
            output += piece
    if len(output) >= LONGEST:
        return output, "it reads too many files"
    return output, f"it took more than {WITHIN:.0f} s" if time.monotonic() - began >= WITHIN else ""
