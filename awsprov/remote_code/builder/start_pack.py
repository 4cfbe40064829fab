"""Runs on the builder beside install.py: watches handlers being imported, and packs what they read of the libraries.

Standard library only: it is sent over SFTP. Each handler is imported once, in a process of its own under the function's
Python; whatever it does there, raise, hang or crash, what it read until then is known, and the installation goes on.
The pack is two files. `awsprov-start.pack` holds blocks of deflated files, some megabytes each, so that few and large
reads bring them; `awsprov-start.json` says what is in which block, and what else stands in the directories concerned.
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
WITHIN = 120.0  # seconds for one handler's import; Lambda itself gives it ten
BLOCK = 4 * 1024 * 1024  # bytes of files in a block: some milliseconds of transfer, and enough blocks for all threads
LEVEL = 4  # of deflate: level 6 gains 4 % and takes twice as long
READS = {"open": 0, "import": 1, "ctypes.dlopen": 0}  # audit events, and which of their values is a path
# What Lambda's runtime has and the builder lacks: a handler may import it without a line in its requirements.
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
    """Pack, or, with `--observe`, import one handler and write down what it reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True, type=Path, help="the environment on the local disk")
    parser.add_argument("--handlers", type=Path, help="JSON: for each function its code (a zip), handler and variables")
    parser.add_argument("--into", type=Path, help="the directory for the pack's files")
    parser.add_argument("--observe", help="a handler")
    parser.add_argument("--code", type=Path, help="its unpacked code")
    parser.add_argument("--journal", type=Path, help="the file for what it reads")
    options = parser.parse_args()
    if options.observe:
        observe(options.site.resolve(), options.code, options.observe, options.journal)
    else:
        make(options.site.resolve(), json.loads(options.handlers.read_bytes()), options.into)


# -- packing


def make(site: Path, handlers: "dict[str, dict[str, Any]]", into: Path) -> None:
    """Write the pack of what these handlers read.

    Arguments:
        site: the environment on the local disk.
        handlers: for each function its `code` (path of a zip), `handler` and `variables`.
        into: the directory for the pack's files.
    """
    there = sorted(path.relative_to(site).as_posix() for path in site.rglob("*"))
    used = set[str]()
    for name, about in handlers.items():
        read, complaint = profile(site, **about)
        used |= read & set(there)
        told = f", although its import ended early: {complaint}" if complaint else ""
        print(f"start pack: {name} reads {len(read)} files{told}", flush=True)
    packed = {name: (site / name).stat().st_size for name in sorted(used) if (site / name).is_file()}
    if packed:
        write(site, packed, there, into)


def write(site: Path, packed: dict[str, int], there: list[str], into: Path) -> None:
    """Write index and pack.

    Arguments:
        site: the environment.
        packed: the files that go in, with their sizes in bytes.
        there: all files and directories of the environment.
        into: the directory for both.
    """
    contents, blocks, offset = list(_blocks(packed)), [], 0
    with ThreadPoolExecutor(os.cpu_count()) as pool, (into / PACK).open("wb") as pack:
        for members, block in zip(contents, pool.map(lambda each: _deflated(site, each), contents), strict=True):
            blocks.append([offset, pack.write(block), members])
            offset += len(block)
    index = {"bytes": sum(packed.values()), "blocks": blocks, "links": _links(packed, there)}
    (into / INDEX).write_text(json.dumps(index))
    told = f"{len(packed)} files, {sum(packed.values()) / 1e6:.0f} MB, {offset / 1e6:.0f} MB packed"
    print(f"start pack: {told}", flush=True)


def _blocks(packed: dict[str, int]) -> "Iterator[list[tuple[str, int]]]":
    """The largest files first, so that no thread is left alone with one at the end; each in a block of its own."""
    members, size = list[tuple[str, int]](), 0
    for name in sorted(packed, key=lambda name: (-packed[name], name)):
        if members and size + packed[name] > BLOCK:
            yield members
            members, size = [], 0
        members.append((name, packed[name]))
        size += packed[name]
    yield members


def _deflated(site: Path, members: "list[tuple[str, int]]") -> bytes:
    return zlib.compress(b"".join((site / name).read_bytes() for name, _ in members), LEVEL)


def _links(packed: dict[str, int], there: list[str]) -> dict[str, list[str]]:
    """For each directory that holds a packed file, at any depth: what else is in it."""
    local = {parent.as_posix() for name in packed for parent in Path(name).parents}
    links: dict[str, list[str]] = {directory: [] for directory in sorted(local)}
    for name in there:
        if name not in packed and name not in local and Path(name).parent.as_posix() in local:
            links[Path(name).parent.as_posix()].append(Path(name).name)
    return links


# -- watching


def profile(site: Path, code: str, handler: str, variables: dict[str, str]) -> "tuple[set[str], str]":
    """What the import of a handler reads below `site`, and why it ended early if it did."""
    with tempfile.TemporaryDirectory() as scratch:
        journal, task = Path(scratch, "journal"), Path(scratch, "task")
        journal.touch()
        zipfile.ZipFile(code).extractall(task)
        options = [f"--site={site}", f"--code={task}", f"--observe={handler}", f"--journal={journal}"]
        command = [sys.executable, "-I", "-S", "-B", __file__, *options]
        complaint = _import(command, task, _environment(site, variables))
        return set(filter(None, journal.read_text(errors="replace").split("\0"))), complaint


def _environment(site: Path, variables: dict[str, str]) -> dict[str, str]:
    """The function's plain variables; no secrets, and not the builder's own rights either."""
    ours = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    return {"PATH": os.defpath, "HOME": tempfile.gettempdir(), "LANG": "C.UTF-8", **region, **variables, **ours}


def _import(command: list[str], task: Path, environment: dict[str, str]) -> str:
    """Run the observer; returns its last line when it failed."""
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
        _, said = process.communicate(timeout=WITHIN)
    except subprocess.TimeoutExpired:
        return f"it took more than {WITHIN:.0f} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and whatever it left running
    lines = said.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"exit status {process.returncode}") if process.returncode else ""


def observe(site: Path, code: Path, handler: str, journal: Path) -> None:
    """Import a handler as Lambda does, and note every file below `site` that is read, as it is read."""
    sys.path[:] = [str(code), str(site), *(path for path in sys.path if path != str(Path(__file__).parent))]
    sys.meta_path.append(_Runtime())  # the last: what is there is taken from where it is
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND)
    note = _noting(f"{site}/", lambda name: os.write(descriptor, os.fsencode(name) + b"\0"))
    sys.addaudithook(lambda event, values: note(values[READS[event]]) if event in READS else None)
    try:
        importlib.import_module(handler.rpartition(".")[0])
    finally:
        for line in Path("/proc/self/maps").read_text().splitlines():  # extension modules, and what they are linked to
            note(line.split(maxsplit=5)[-1])


def _noting(root: str, write: Callable[[str], object]) -> Callable[[Any], None]:
    """Takes each path that is opened; bytecode comes with its source, which an import looks for too."""

    def note(path: Any) -> None:
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        name = os.path.normpath(text)
        if name.startswith(root):
            write(name.removeprefix(root))
            with contextlib.suppress(ValueError):  # it is no bytecode
                write(importlib.util.source_from_cache(name).removeprefix(root))

    return note


class _Runtime:
    """Finds what only Lambda's runtime has: empty modules whose every attribute is there and does nothing."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        known = name.partition(".")[0] in RUNTIME
        return ModuleSpec(name, self, is_package=True) if known else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual kind of module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__getattr__"] = lambda name: MagicMock() if not name.startswith("__") else _absent(name)


def _absent(name: str) -> None:
    raise AttributeError(name)


if __name__ == "__main__":
    main()
