"""Runs on the builder, started by install.py: imports the handlers and packs the files of libraries that they read.

Standard library only, as it is sent over SFTP. Each handler is imported once, in a process of its own. If it raises,
hangs or crashes, the files that it has read until then are packed, and the installation continues.

The start pack is two files. `awsprov-start.pack` contains blocks of compressed files, some megabytes each, which need
few and large reads. `awsprov-start.json` lists the files in each block, and the other entries of their directories.
"""

import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

INDEX, PACK = "awsprov-start.json", "awsprov-start.pack"
WITHIN = 120.0  # seconds for the import of one handler; Lambda allows ten
BLOCK = 4 * 1024 * 1024  # bytes of files in a block: some milliseconds to read, and enough blocks for all threads
LEVEL = 4  # of compression: level 6 saves 4 % and takes twice as long
READS = {"open": 0, "import": 1, "ctypes.dlopen": 0}  # audit events, and the index of the argument that is a path
# Modules of Lambda's runtime, which a handler may import although they are not in its requirements.
RUNTIME = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
    "awslambdaric",
    "snapshot_restore_py",
)


def main() -> None:
    """Build the start pack; with `--observe`, import one handler and record the files that it reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True, type=Path, help="the directory of the packages on the local disk")
    parser.add_argument("--handlers", type=Path, help="JSON: code (a zip), handler and variables of each function")
    parser.add_argument("--into", type=Path, help="the directory for the start pack")
    parser.add_argument("--observe", help="the handler to import, as module.function")
    parser.add_argument("--code", type=Path, help="the directory of its code")
    parser.add_argument("--journal", type=Path, help="the file for the names of files that it reads")
    options = parser.parse_args()
    if options.observe:
        observe(options.site.resolve(), options.code, options.observe, options.journal)
    else:
        make(options.site.resolve(), json.loads(options.handlers.read_bytes()), options.into)


# -- packing


def make(site: Path, handlers: "dict[str, dict[str, Any]]", into: Path) -> None:
    """Import the handlers and write a start pack of the files that they read.

    Arguments:
        site: the directory of the packages on the local disk.
        handlers: `code` (path of a zip), `handler` and `variables` of each function.
        into: the directory for the start pack.
    """
    entries = sorted(path.relative_to(site).as_posix() for path in site.rglob("*"))
    used = set[str]()
    for name, about in handlers.items():
        read, error = profile(site, **about)
        used |= read & set(entries)
        note = f"; its import failed: {error}" if error else ""
        print(f"start pack: {name} reads {len(read)} files{note}", flush=True)
    packed = {name: (site / name).stat().st_size for name in sorted(used) if (site / name).is_file()}
    if packed:
        write(site, packed, entries, into)


def write(site: Path, packed: dict[str, int], entries: list[str], into: Path) -> None:
    """Write the index and the pack.

    Arguments:
        site: the directory of the packages.
        packed: the size in bytes of each file to pack.
        entries: all files and directories of the environment.
        into: the directory for both files.
    """
    contents, blocks, offset = list(_blocks(packed)), [], 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, (into / PACK).open("wb") as pack:
        for members, block in zip(
            contents, pool.map(lambda members: _compressed(site, members), contents), strict=True
        ):
            blocks.append([offset, pack.write(block), members])
            offset += len(block)
    index = {"bytes": sum(packed.values()), "blocks": blocks, "links": _links(packed, entries)}
    (into / INDEX).write_text(json.dumps(index))
    size, compressed = f"{sum(packed.values()) / 1e6:.0f} MB", f"{offset / 1e6:.0f} MB"
    print(f"start pack: {len(packed)} files, {size}, {compressed} packed", flush=True)


def _blocks(packed: dict[str, int]) -> "Iterator[list[tuple[str, int]]]":
    """Yield the files of each block, the largest first: one at the end would keep a single thread busy."""
    members, size = list[tuple[str, int]](), 0
    for name in sorted(packed, key=lambda name: (-packed[name], name)):
        if members and size + packed[name] > BLOCK:
            yield members
            members, size = [], 0
        members.append((name, packed[name]))
        size += packed[name]
    yield members


def _compressed(site: Path, members: "list[tuple[str, int]]") -> bytes:
    return zlib.compress(b"".join((site / name).read_bytes() for name, _ in members), LEVEL)


def _links(packed: dict[str, int], entries: list[str]) -> dict[str, list[str]]:
    """Return, for each directory with a packed file at any depth, its other entries."""
    local = {parent.as_posix() for name in packed for parent in Path(name).parents}
    links: dict[str, list[str]] = {directory: [] for directory in sorted(local)}
    for name in entries:
        if name not in packed and name not in local and Path(name).parent.as_posix() in local:
            links[Path(name).parent.as_posix()].append(Path(name).name)
    return links


# -- observing imports


def profile(site: Path, code: str, handler: str, variables: dict[str, str]) -> "tuple[set[str], str]":
    """Import a handler; return the files below `site` that it reads, and the error if the import failed."""
    with tempfile.TemporaryDirectory() as scratch:
        journal, task = Path(scratch, "journal"), Path(scratch, "task")
        journal.touch()
        zipfile.ZipFile(code).extractall(task)
        options = [f"--site={site}", f"--code={task}", f"--observe={handler}", f"--journal={journal}"]
        command = [sys.executable, "-I", "-S", "-B", __file__, *options]
        error = _import(command, task, _environment(site, variables))
        return set(filter(None, journal.read_text(errors="replace").split("\0"))), error


def _environment(site: Path, variables: dict[str, str]) -> dict[str, str]:
    """Return the environment of the import: the function's variables, without secrets and AWS credentials."""
    fixed = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {"PATH": os.defpath, "HOME": tempfile.gettempdir(), "LANG": "C.UTF-8", **region, **variables, **fixed}


def _import(command: list[str], task: Path, environment: dict[str, str]) -> str:
    """Run this script with `--observe`; return the last line of its output if it fails, else nothing."""
    process = subprocess.Popen(
        command,
        cwd=task,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _, output = process.communicate(timeout=WITHIN)
    except subprocess.TimeoutExpired:
        return f"it took more than {WITHIN:.0f} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it started
    lines = output.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"exit status {process.returncode}") if process.returncode else ""


def observe(site: Path, code: Path, handler: str, journal: Path) -> None:
    """Import a handler as Lambda does, and record every file below `site` when it is read."""
    sys.path[:] = [str(code), str(site), *(path for path in sys.path if path != str(Path(__file__).parent))]
    sys.meta_path.append(_RuntimeFinder())  # the last: modules that are installed are found by the others
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND)
    record = _recorder(f"{site}/", lambda name: os.write(descriptor, os.fsencode(name) + b"\0"))
    sys.addaudithook(lambda event, values: record(values[READS[event]]) if event in READS else None)
    try:
        importlib.import_module(handler.rpartition(".")[0])
    finally:
        for line in Path("/proc/self/maps").read_text().splitlines():  # extension modules and linked libraries
            record(line.split(maxsplit=5)[-1])


def _recorder(root: str, write: Callable[[str], object]) -> Callable[[Any], None]:
    """Return a function that writes each path below `root`; for bytecode also its source, which imports look for."""

    def record(path: Any) -> None:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        name = os.path.normpath(text)
        if name.startswith(root):
            write(name.removeprefix(root))
            with contextlib.suppress(ValueError):  # it is not bytecode
                write(importlib.util.source_from_cache(name).removeprefix(root))

    return record


class _RuntimeFinder:
    """A finder of the modules that only Lambda's runtime has: stubs, all of whose attributes exist and do nothing."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        known = name.partition(".")[0] in RUNTIME
        return ModuleSpec(name, self, is_package=True) if known else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Return None for a module of the default type."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = lambda name: MagicMock() if not name.startswith("__") else _absent(name)


def _absent(name: str) -> None:
    raise AttributeError(name)


if __name__ == "__main__":
    main()
