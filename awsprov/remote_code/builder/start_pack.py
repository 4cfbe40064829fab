"""Imports the handlers and packs the files of libraries that they read, for a fast cold start.

Each handler is imported once, in a process of its own, which `observe.py` runs in: as a user who owns nothing, without
network and instance metadata, and with all processes that it started ended at the end. If it raises, hangs or crashes,
the files that it has read until then are packed, and the installation continues.
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
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from . import pack_file, tree
from .compression import WITH_ZLIB, Compression
from .lambda_modules import RUNTIME
from .workspace import INDEX, report

WITHIN = 120.0  # seconds for the import of one handler; Lambda allows ten
LONGEST = 16 * 1024 * 1024  # bytes of names that one import may report
UNPRIVILEGED = "65534"  # the user and group that own nothing on Amazon Linux
_HOME = "/tmp"  # noqa: S108 - as in Lambda # nosec B108


def make(
    site: Path,
    handlers: "dict[str, dict[str, Any]]",
    into: Path,
    files: Path | None = None,
    *,
    entries: tree.Entries,
    blocks: "pack_file.Blocks | None" = None,
    compression: Compression = WITH_ZLIB,
) -> list[Path]:
    """Import the handlers and write a start pack of the files that they read.

    Arguments:
        site: the directory of the packages on the local disk.
        handlers: `code` (path of a zip), `handler` and `variables` of each function.
        into: the directory for the start pack, which is created.
        files: the directory of the user's files, which functions read from the file system: no pack has them.
        entries: the descriptions of the files of the packages.
        blocks: the blocks of an earlier start pack, which are not compressed again.
        compression: how the other blocks are compressed.

    Returns:
        The files of the start pack. If the handlers read nothing, only an index without blocks, which tells a function
        that nothing is missing.
    """
    used = dict[str, None]()  # a dictionary, for the order
    into.mkdir()
    for name, about in handlers.items():
        read, error = profile(site, into.with_name(f"code-{name}"), **about, files=files)
        existing = dict.fromkeys(each for each in read if each in entries)
        used |= existing
        note = f"; its import failed: {error}" if error else ""
        report(f"start pack: {name} reads {len(existing)} files{note}")
    packed = {name: entries[name] for name in used if "link" not in entries[name]}
    if packed:
        pack_file.write(site, packed, set(entries), into, earlier=blocks, compression=compression)
    else:
        (into / INDEX).write_text(json.dumps({"bytes": 0, "blocks": []}))
    return sorted(into.iterdir())


def unpacked_size(pack: list[Path]) -> int:
    """Return the bytes of the files in a start pack, given its files."""
    index = next(path for path in pack if path.name == INDEX)
    return int(json.loads(index.read_text())["bytes"])


# -- observing imports


def profile(
    site: Path, task: Path, code: str, handler: str, variables: dict[str, str], *, files: Path | None = None
) -> "tuple[list[str], str]":
    """Import a handler; return the files of packages that it reads, in this order, and the error if the import failed.

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
    about: dict[str, Any] = {"site": str(site), "code": str(task), "handler": handler, "runtime": RUNTIME}
    about["environment"] = _environment(site, variables)
    source = resources.files(__package__ or "").joinpath("observe.py").read_text(encoding="utf-8")
    with passable(site), passable(files or site):
        output, error = _run([*isolated(), sys.executable, "-I", "-S", "-B", "-c", source], json.dumps(about).encode())
    records = [os.fsdecode(record) for record in output.split(b"\0") if record]
    errors = [record.removeprefix("/") for record in records if record.startswith("/")]
    return [record for record in records if not record.startswith("/")], errors[-1] if errors else error


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
    base = {"PATH": os.defpath, "HOME": _HOME, "LANG": "C.UTF-8"}
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
